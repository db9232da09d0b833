# As on a terminal: otherwise everything that looks like an escape sequence would be left out anyway.
CLICOLOR_FORCE=1
export CLICOLOR_FORCE

harmless() {
    if grep -qF -e "$(printf '\033[2J')" -e "$(printf '\033]0')" -e "$(printf '\342\200\256')" said; then
        cat -v said
        echo "a text reached the terminal as it was: $1"
        exit 1
    fi
}

people
hostile=$(printf 'harmless\033[2J\033]0;x\007\342\200\256txet')
d justification new --scratch 64M --because "$hostile" --requested-by alice --approved-by bob --output j.yaml
for command in 'show j.yaml' 'show j.yaml --manifest yaml' 'show j.yaml --manifest json' 'lint j.yaml' \
    'sign j.yaml --key alice' 'verify j.dsse.json' 'verify j.dsse.json --report json'; do
    # shellcheck disable=SC2086
    d justification $command >said 2>&1 || true
    [ -s said ]
    harmless "$command"
done
# The colours are denybox's own, and they do get through.
d justification verify j.dsse.json >said 2>&1 || true
grep -qF "$(printf '\033[31m')" said
d justification new --scratch 64M --because "$hostile" --requested-by alice >said
harmless new
# Nothing is lost on the way.
d justification show j.yaml --manifest json | /usr/bin/python3 -c '
import json, sys
assert json.load(sys.stdin)["statement"] == "harmless\x1b[2J\x1b]0;x\x07\u202etxet"'
expect 64 d justification new --scratch 64M --because x --requested-by "$(printf 'ali\342\200\213ce')"
# A name of a file can be hostile too.
file=$(printf 'a\033[2J.yaml')
cp j.yaml "$file"
for command in lint show verify 'sign --key alice'; do
    # shellcheck disable=SC2086
    d justification $command "$file" >said 2>&1 || true
    [ -s said ]
    harmless "$command with a name"
done
for command in show lint verify 'sign --key alice'; do
    # shellcheck disable=SC2086
    expect 78 d justification $command "no-$file"
    harmless "$command without the file"
done
expect 78 d justification sign j.yaml --key "./no-$file"
harmless 'a key of that name'
expect 78 d key trust "no-$file" --person x --role approver
harmless 'a public key of that name'
d justification new --scratch 64M --because x --requested-by alice --output "new-$file" >said 2>&1
harmless 'a manifest of that name'
