people
new --scratch 64M
both
"$PYTHON" "$PROGRAM" read j.dsse.json alice.pub bob.pub
# And the other way: it signs, denybox verifies.
expect 77 d justification verify j.yaml
d justification sign j.yaml --key alice --output one.json
"$PYTHON" "$PROGRAM" sign one.json "$configuration/keys/bob.pem" bob.pub two.json
expect 77 d justification verify one.json
expect 0 d justification verify two.json
# The key itself is what openssl and its like read.
"$PYTHON" "$PROGRAM" public "$configuration/keys/bob.pem" bob.pub
