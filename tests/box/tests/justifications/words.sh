# What every script begins with. It runs in a home of its own; $DENYBOX is denybox.
set -eu
cd "$HOME"
# Root's configuration is the system's: in a mount namespace that nobody else is in, here is another.
if [ "$(id -u)" = 0 ]; then
    mkdir etc
    cp /etc/passwd /etc/group etc/
    mount --bind etc /etc
    configuration=/etc/denybox
else
    configuration=$HOME/.config/denybox
fi
exec 2>&1

d() { "$DENYBOX" "$@"; }

# Fails unless a command ends with this code; what it says is in the file `said`.
expect() {
    wanted=$1
    shift
    got=0
    "$@" >said 2>&1 || got=$?
    if [ "$got" != "$wanted" ]; then
        cat said
        echo "expected exit $wanted, got $got: $*"
        exit 1
    fi
}

# Fails unless the last command said this.
said() {
    if ! tr -s ' \n' '  ' <said | grep -qF -- "$1"; then
        cat said
        echo "expected it to say: $1"
        exit 1
    fi
}

people() {
    d key generate alice --person alice >alice.pub
    d key generate bob --person bob >bob.pub
    d key trust alice.pub --person alice --role requester
    d key trust "$(cat bob.pub)" --person bob --role approver
}

new() {
    d justification new --because 'a test needs it' --requested-by alice --approved-by bob --output j.yaml "$@"
}

both() {
    d justification sign j.yaml --key alice
    d justification sign j.dsse.json --key bob
}
