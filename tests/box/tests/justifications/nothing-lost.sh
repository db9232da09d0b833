people
new --scratch 64M --id one
expect 78 d justification new --scratch 1M --because x --requested-by alice --output j.yaml
grep -q 'id: one' j.yaml
both
cp j.dsse.json kept
# The same key again.
expect 78 d justification sign j.dsse.json --key bob
cmp kept j.dsse.json
# Another manifest of the same file name.
new --scratch 1M --id two --force
expect 78 d justification sign j.yaml --key alice
said '--force'
cmp kept j.dsse.json
d justification sign j.yaml --key alice --force
[ "$(grep -c '"sig"' j.dsse.json)" = 1 ]
# A key.
cp "$configuration/keys/alice.pem" kept
expect 78 d key generate alice
cmp kept "$configuration/keys/alice.pem"
# A key that is trusted already, and a trust file that is none.
expect 78 d key trust alice.pub --person mallory --role approver
printf 'version = 2\n' >odd.toml
expect 78 d key trust alice.pub --person alice --role approver --trust odd.toml
[ "$(cat odd.toml)" = 'version = 2' ]
# Comments stay, and so does the mode.
printf '# mine\nversion = 1\nsigners = 1 # enough\n' >t.toml
chmod 0600 t.toml
d key trust alice.pub --person alice --role requester,approver --resource /tmp --resource sysv-shm --for 1d --trust t.toml
grep -q '^# mine$' t.toml
grep -q '# enough$' t.toml
[ "$(stat -c %a t.toml)" = 600 ]
# A disk that takes no more: the old envelope stays whole.
if [ "$(id -u)" = 0 ]; then
    mkdir small
    mount -t tmpfs -o size=16k none small
    cp kept small/key && rm small/key
    d justification sign j.yaml --key alice --output small/j.dsse.json
    cp small/j.dsse.json kept
    dd if=/dev/zero of=small/full bs=1k count=64 2>/dev/null || true
    expect 78 d justification sign small/j.dsse.json --key bob
    cmp kept small/j.dsse.json
fi
