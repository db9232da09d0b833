people
new --scratch 64M --id first
both
expect 0 d justification verify j.dsse.json
mkdir -p "$configuration"
printf '# kept by hand\nversion = 1 # the only one\n' >"$configuration/revoked.toml"
d justification revoke j.dsse.json --because 'no longer needed' --by alice
grep -q '^# kept by hand$' "$configuration/revoked.toml"
grep -q '# the only one$' "$configuration/revoked.toml"
expect 77 d justification verify j.dsse.json
said revoked
# The digest is that of one document: another of the same name still holds.
rm j.yaml j.dsse.json
new --scratch 63M --id first
both
expect 0 d justification verify j.dsse.json
d justification revoke first --because 'all of them' --by alice
expect 77 d justification verify j.dsse.json
expect 78 d justification revoke typing-error.dsse.json --because x --by alice
expect 78 d justification revoke sha256:12 --because x --by alice
expect 78 d justification revoke '../first' --because x --by alice
# Another list is another list.
d justification revoke other --because x --by alice --list list.toml
grep -q 'id = "other"' list.toml
# Keys.
rm j.yaml j.dsse.json
new --scratch 63M --id second
both
expect 0 d justification verify j.dsse.json
d key revoke bob
expect 77 d justification verify j.dsse.json
said key-revoked
expect 78 d key revoke bob
expect 78 d key revoke nobody-of-that-name
d key list >said
said revoked
