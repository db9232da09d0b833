escape=$(printf '\033')
people
d justification new --scratch 64M --because "$(printf 'harmless\033[2J\033]0;x\007\342\200\256txet')" --requested-by alice --approved-by bob \
    --output j.yaml
for command in 'show j.yaml' 'lint j.yaml' 'sign j.yaml --key alice' 'verify j.dsse.json' 'verify j.dsse.json --report json'; do
    # shellcheck disable=SC2086
    d justification $command >said 2>&1 || true
    if grep -q "$escape" said || grep -q "$(printf '\342\200\256')" said; then
        cat -v said
        echo "a text reached the terminal as it was: $command"
        exit 1
    fi
done
expect 64 d justification new --scratch 64M --because x --requested-by "$(printf 'ali\342\200\213ce')"
# A name of a file can be hostile too.
cp j.yaml "$(printf 'a\033[2J.yaml')"
expect 0 d justification lint "$(printf 'a\033[2J.yaml')"
if grep -q "$escape" said; then exit 1; fi
expect 78 d justification show "$(printf 'no\033[2J.yaml')"
if grep -q "$escape" said; then exit 1; fi
