people
ssh-keygen -q -t ed25519 -N '' -C 'carol at home' -f id
d key trust id.pub --person carol --role approver
d justification new --scratch 64M --because x --requested-by alice --approved-by carol --output j.yaml
d justification sign j.yaml --key alice
d justification sign j.dsse.json --ssh-key id
expect 0 d justification verify j.dsse.json
said 'signed by carol (approver)'
# OpenSSH says so too.
d justification show j.dsse.json --signed-bytes >bytes
d justification show j.dsse.json --ssh-signature 2 >sig
printf 'carol namespaces="denybox-justification" %s\n' "$(cat id.pub)" >allowed
ssh-keygen -Y verify -f allowed -I carol -n denybox-justification -s sig <bytes
printf x >>bytes
if ssh-keygen -Y verify -f allowed -I carol -n denybox-justification -s sig <bytes; then
    echo 'other bytes are confirmed'
    exit 1
fi
expect 78 d justification show j.dsse.json --ssh-signature 1
expect 64 d justification show j.dsse.json --ssh-signature 3
# What OpenSSH signs for another purpose doesn't count.
d justification show j.yaml --signed-bytes >bytes
rm -f bytes.sig
ssh-keygen -q -Y sign -f id -n file bytes
/usr/bin/python3 - <<'END'
import json
envelope = json.load(open("j.dsse.json"))
armour = open("bytes.sig").read().splitlines()
envelope["signatures"][1]["sig"] = "".join(line for line in armour if not line.startswith("---"))
open("other.dsse.json", "w").write(json.dumps(envelope))
END
expect 77 d justification verify other.dsse.json
said wrong-namespace
# And what it signs for this one does.
rm bytes.sig
ssh-keygen -q -Y sign -f id -n denybox-justification bytes
/usr/bin/python3 - <<'END'
import json
envelope = json.load(open("j.dsse.json"))
armour = open("bytes.sig").read().splitlines()
envelope["signatures"][1]["sig"] = "".join(line for line in armour if not line.startswith("---"))
open("same.dsse.json", "w").write(json.dumps(envelope))
END
expect 0 d justification verify same.dsse.json
# Other kinds of keys, and keys that need a passphrase.
ssh-keygen -q -t ecdsa -N '' -f ecdsa
expect 78 d justification sign j.yaml --ssh-key ecdsa --output no.json
expect 78 d key trust ecdsa.pub --person x --role approver
ssh-keygen -q -t ed25519 -N 'a secret' -f locked
expect 78 d justification sign j.yaml --ssh-key locked --output no.json
said ssh-agent
[ ! -e no.json ]
