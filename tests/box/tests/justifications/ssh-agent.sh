people
ssh-keygen -q -t ed25519 -N '' -f id
ssh-keygen -q -t ed25519 -N '' -f stranger
d key trust id.pub --person bob2 --role approver
d justification new --scratch 64M --because x --requested-by alice --approved-by bob2 --output j.yaml
d justification sign j.yaml --key alice
unset SSH_AUTH_SOCK || true
expect 78 d justification sign j.dsse.json --ssh-key id.pub
said SSH_AUTH_SOCK
cat >with-agent <<'END'
set -eu
ssh-add -q id
mv id away
"$DENYBOX" justification sign j.dsse.json --ssh-key id.pub
if "$DENYBOX" justification sign j.yaml --ssh-key stranger.pub --output no.json; then exit 1; else [ $? = 78 ]; fi
END
ssh-agent -a agent sh with-agent
[ ! -e no.json ]
expect 0 d justification verify j.dsse.json
said 'signed by bob2 (approver)'
d justification show j.dsse.json --signed-bytes >bytes
d justification show j.dsse.json --ssh-signature 2 >sig
printf 'bob2 %s\n' "$(cat id.pub)" >allowed
ssh-keygen -Y verify -f allowed -I bob2 -n denybox-justification -s sig <bytes
# An agent that lies: what it gives isn't written down.
/usr/bin/python3 - <<'END' &
import socket, struct
server = socket.socket(socket.AF_UNIX)
server.bind("liar")
server.listen()
peer, _ = server.accept()
length, = struct.unpack(">I", peer.recv(4))
while length > 0:
    length -= len(peer.recv(length))
string = lambda b: struct.pack(">I", len(b)) + b
answer = b"\x0e" + string(string(b"ssh-ed25519") + string(bytes(64)))
peer.sendall(string(answer))
END
while [ ! -S liar ]; do sleep 0.1; done
SSH_AUTH_SOCK=liar
export SSH_AUTH_SOCK
expect 70 d justification sign j.yaml --ssh-key id.pub --output no.json
said "doesn't hold"
[ ! -e no.json ]
wait
