people
new --scratch 64M
expect 77 d justification verify j.yaml
said unsigned
expect 0 d justification sign j.yaml --key alice
# Whoever signs sees what.
said "/run/denybox/scratch, the agent's own, 64M"
said 'a test needs it'
expect 77 d justification verify j.dsse.json
said not-approved
said 'denybox justification sign j.dsse.json --key KEY'
d justification sign j.dsse.json --key "$configuration/keys/bob.pem"
expect 0 d justification verify j.dsse.json
said 'signed by alice (requester)'
said 'signed by bob (approver)'
expect 0 d justification verify j.dsse.json --report json
grep -q '"holds": true' said
# Without trust nobody has signed.
printf 'version = 1\n' >nobody.toml
expect 77 d justification verify j.dsse.json --trust nobody.toml
said unknown-key
# In an emergency one person does, with the role for it.
d justification new --because fire --grant /dev/shm=private,size=1M --break-glass --requested-by carol --output fire.yaml
d key generate carol >carol.pub
d justification sign fire.yaml --key carol
expect 77 d justification verify fire.dsse.json
d key trust carol.pub --person carol --role break-glass
expect 0 d justification verify fire.dsse.json
said 'signed by carol (break-glass)'
