people
printf 'version: 1\nid: [\n' >a.yaml
printf '{"payload": "", "payloadType": "x", "signatures": []}' >b.json
printf 'version: 1\nid: x\ngrants: []\ncategory: debugging\nstatement: ""\nrequestedBy: a\nnotBefore: soon\nnotAfter: later\n' >c.yaml
: >d.yaml
for file in a.yaml b.json c.yaml d.yaml no-such-file; do
    for command in verify show lint 'sign --key alice --output no.json'; do
        # shellcheck disable=SC2086
        expect 78 d justification $command "$file"
    done
done
[ ! -e no.json ]
expect 78 d justification lint c.yaml
said 'grants: the list is empty'
said 'notBefore'
expect 78 d justification lint a.yaml
grep -q '^a.yaml:[0-9]*:[0-9]*: error' said
new --scratch 64M
expect 0 d justification lint j.yaml
said no-ticket
expect 0 d justification lint j.yaml
expect 78 d justification verify j.yaml a.yaml
expect 64 d justification new --because x --requested-by a
expect 64 d justification new --scratch 64M --requested-by a
expect 64 d justification new --grant /tmp --because x --requested-by a
expect 64 d justification new --grant /tmp=private --grant /tmp=host --because x --requested-by a
expect 64 d justification new --scratch 64M --because x
said --requested-by
printf '[user]\n\temail = me@example.org\n' >.gitconfig
expect 0 d justification new --scratch 64M --because x
said 'requestedBy: me@example.org'
d justification new --scratch 64M --because x --format json | /usr/bin/python3 -c 'import json, sys; json.load(sys.stdin)'
d justification schema | /usr/bin/python3 -c 'import json, sys; json.load(sys.stdin)'
