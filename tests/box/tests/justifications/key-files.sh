people
new --scratch 64M
[ "$(stat -c %a "$configuration/keys")" = 700 ]
[ "$(stat -c %a "$configuration/keys/alice.pem")" = 600 ]
key=$configuration/keys/alice.pem
for mode in 0640 0604 0620 0602 0644 0666; do
    chmod "$mode" "$key"
    expect 78 d justification sign j.yaml --key alice
    said "chmod 0600"
    d key list >said
    said 'not used'
done
chmod 0400 "$key"
d justification sign j.yaml --key alice
# In shared scratch, directly and by a link either way.
place=$(mktemp -d /dev/shm/denybox-test-XXXXXX)
trap 'rm -rf "$place"' EXIT
cp "$key" "$place/key.pem"
ln -s "$place/key.pem" link.pem
ln -s "$key" "$place/link.pem"
for file in "$place/key.pem" link.pem "$place/link.pem"; do
    expect 78 d justification sign j.yaml --key "$file" --output no.json
    said 'shared scratch'
done
expect 78 d key trust alice.pub --person x --role approver --trust "$place/trust.toml"
said 'shared scratch'
[ ! -e "$place/trust.toml" ]
[ ! -e no.json ]
expect 78 d justification sign j.yaml --key no-such-key
said 'denybox key generate no-such-key'
expect 78 d justification sign j.yaml --key /dev/null
expect 78 d key trust "$key" --person x --role approver
said 'secret key'
expect 64 d key generate ../escape
expect 64 d key generate ''
expect 64 d key trust alice.pub --person x
