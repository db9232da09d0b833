#!/usr/bin/env bash
# A coding session as an agent has it: writes files, sorts, runs Python, compiles C, commits.
#
#     denybox run -- bash examples/agent-session.sh
#
# Some of it wants shared scratch (/tmp, /dev/shm). Where that is denied the session goes on, as agents do, says at the
# end what worked and what didn't, and ends with 0; denybox then explains why. Outside a box everything works.
# It works in ./.agent-session, which is gone afterwards.
set -u

session=$PWD/.agent-session
if ! mkdir "$session"; then
    echo "$session is there already, or can't be made" >&2
    exit 1
fi
trap 'cd /; rm -rf "$session"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$session" || exit 1

worked=()
failed=()
missing=()

# step WHAT PROGRAM FUNCTION: runs the function, and keeps going whatever becomes of it. What it prints last, on either
# stream, is the result to show.
step() {
    local what=$1 program=$2 output
    printf '%-58s ' "$what"
    if ! command -v "$program" >/dev/null; then
        missing+=("$what ($program)")
        echo "$program isn't installed"
        return
    fi
    if output=$("$3" 2>&1 </dev/null); then
        worked+=("$what")
        echo "works: ${output##*$'\n'}"
    else
        failed+=("$what")
        echo "FAILS: ${output##*$'\n'}"
    fi
}

small_here_document() {
    cat > README <<END
A program that counts words.
END
    echo "$(wc -c < README) bytes written"
}

# Agents write files this way all the time. The directory they happen to be in matters: bash keeps what doesn't fit into
# a pipe in a temporary file, and the current directory is its last resort.
large_here_document() {
    local text
    text=$(seq 30000)
    (cd /usr && cat > "$session/numbers" <<END
$text
END
    )
    local code=$? lines
    lines=$(wc -l < numbers)
    echo "$lines of 30000 lines arrived, exit code $code"
    test "$lines" = 30000
}

make_temporary_file() {
    local name
    name=$(mktemp) || return
    echo "$name"
    rm "$name"
}

sort_more_than_fits() {
    local last
    last=$(seq 400000 | sort -S1M -nr | tail -n 1)
    echo "the smallest number is '$last'"
    test "$last" = 1
}

python_temporary_file() {
    (cd /usr && python3 -c '
import tempfile
with tempfile.NamedTemporaryFile() as file:
    print(file.name)
')
}

python_processes() {
    python3 -c '
from multiprocessing import Pool

if __name__ == "__main__":
    with Pool(2) as pool:
        print(sum(pool.map(len, ["four", "score", "and", "seven"])), "letters counted by two processes")
'
}

compile_and_run() {
    cat > words.c <<'END'
#include <ctype.h>
#include <stdio.h>

int main(void) {
    int words = 0, inside = 0, c;
    while ((c = getchar()) != EOF) {
        if (isspace(c)) inside = 0;
        else if (!inside) inside = 1, words++;
    }
    printf("%d words\n", words);
    return 0;
}
END
    gcc -O2 -Wall -o words words.c && ./words < README
}

commit() {
    git init --quiet . && printf 'words\nnumbers\n' > .gitignore && git add -A &&
        git -c user.name='An Agent' -c user.email=agent@localhost commit --quiet -m 'Count words' &&
        git log --oneline | sed 's/^[0-9a-f]* //'
}

edit_and_show() {
    echo "It reads standard input." >> README
    git --no-pager diff --stat | head -n 1
}

echo "A coding session in $session"
echo
step "a here-document of a line" cat small_here_document
step "a here-document of 30000 lines, written from /usr" cat large_here_document
step "mktemp" mktemp make_temporary_file
step "sorting more than fits sort's memory" sort sort_more_than_fits
step "a temporary file in Python, from /usr" python3 python_temporary_file
step "two processes in Python" python3 python_processes
step "compiling a C program and running it" gcc compile_and_run
step "git init and commit" git commit
step "an edit, and its diff" git edit_and_show

echo
echo "${#worked[@]} of $((${#worked[@]} + ${#failed[@]})) steps worked."
for what in "${failed[@]+"${failed[@]}"}"; do echo "  failed: $what"; done
for what in "${missing[@]+"${missing[@]}"}"; do echo "  not tried: $what"; done
exit 0
