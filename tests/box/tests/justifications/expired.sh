d key generate alice --person alice >alice.pub
d key generate bob --person bob >bob.pub
d key trust alice.pub --person alice --role requester
d key trust bob.pub --person bob --role approver --for 3s
cp "$configuration/trust.toml" short.toml
new --scratch 64M
both
expect 0 d justification verify j.dsse.json
sleep 4
expect 77 d justification verify j.dsse.json
said key-expired
d key list >said
said expired
# Not the key's time but the justification's own, with the clocks that differ.
sed '/not_after/d; s/^version = 1$/version = 1\nskew = "0s"/' "$configuration/trust.toml" >long.toml
expect 0 d justification verify j.dsse.json --trust long.toml
rm j.yaml j.dsse.json
new --scratch 64M --for 2s
both
expect 0 d justification verify j.dsse.json --trust long.toml
sleep 3
expect 77 d justification verify j.dsse.json --trust long.toml
said expired
