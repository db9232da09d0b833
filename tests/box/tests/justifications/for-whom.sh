people
new --scratch 64M --host 'build-*.example.org' --agent coder --executable /bin/sh --max-uses 3
both
expect 77 d justification verify j.dsse.json --host elsewhere
said wrong-audience
expect 0 d justification verify j.dsse.json --host build-7.example.org
said 'the agent is coder'
expect 0 d justification verify j.dsse.json --host build-7.example.org --agent coder --executable /bin/sh
expect 77 d justification verify j.dsse.json --host build-7.example.org --agent another
said wrong-subject
expect 77 d justification verify j.dsse.json --host build-7.example.org --executable /bin/cat
said wrong-subject
# Keys that may not speak for everything.
rm j.yaml j.dsse.json
d key generate carol >carol.pub
d key trust carol.pub --person carol --role approver --resource /run/denybox
d justification new --grant /dev/shm=private,size=1M --because x --requested-by alice --approved-by carol --output j.yaml
d justification sign j.yaml --key alice
d justification sign j.yaml --key carol
expect 77 d justification verify j.dsse.json
said out-of-scope
# A policy's bounds: nobody signs for more than 90 days.
rm j.yaml j.dsse.json
new --scratch 64M --for 91d
both
expect 77 d justification verify j.dsse.json
said lifetime-too-long
