# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_denybox_global_optspecs
    string join \n h/help V/version
end

function __fish_denybox_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_denybox_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_denybox_using_subcommand
    set -l cmd (__fish_denybox_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c denybox -n "__fish_denybox_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_needs_command" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "run" -d 'Run a command in a box'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "doctor" -d 'Say what this host can enforce, and how to get the rest'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "policy" -d 'Look policies over, test them, ask them, print them'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "justification" -d 'Write, sign, check and revoke justifications'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "key" -d 'Make keys that sign justifications, and say whose keys are trusted'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "audit" -d 'Read audit logs and find out whether somebody changed them'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "schema" -d 'Print the JSON schema of a document that denybox writes or reads'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "generate" -d 'Print a manual page or the completions of a shell, for packages'
complete -c denybox -n "__fish_denybox_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand run" -l workspace -d 'The directory the agent works in, read-write [default: the current directory]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l ro -d 'Show a path read-only (may be repeated)' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l rw -d 'Show a path read-write (may be repeated); inside the workspace: unprotect a protected file' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l env -d 'Set an environment variable, or pass one on by name, LD_PRELOAD and its kin too (may be repeated)' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l net -d 'The network: none but loopback, or the host\'s' -r -f -a "none\t'Loopback only'
host\t'The host\'s'"
complete -c denybox -n "__fish_denybox_using_subcommand run" -l scratch -d 'Give a private scratch of this size, with TMPDIR and its family pointing there; needs --because' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l grant -d 'Grant a scratch resource a backing (may be repeated); needs --because' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l because -d 'The reason for everything that is granted' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l justification -d 'Grant what a justification asks for, signed or not (may be repeated)' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l policy -d 'The policy that decides, beside one that is pinned: local, strict, or a directory with Rego [default: local]' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l policy-server -d 'Ask an OPA server instead: https://HOST/v1/data/… or unix:///SOCKET[:/v1/data/…]' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l policy-server-ca -d 'Check the policy server against the certificates in this file, not the system\'s' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l trust -d 'A trust file that signatures must pass, beside one that is pinned (may be repeated)' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l agent -d 'The agent\'s name, for justifications that are for one agent [default: the command\'s file name]' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l decision-log -d 'Append the decision to a file, in the format of OPA\'s decision logs' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l memory -d 'Limit memory' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l pids -d 'Limit the number of processes and threads' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l cpus -d 'Limit processor time, in processors: 0.5, 2' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l timeout -d 'End the command after this time: 90s, 10m, 2h' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l report -d 'How to tell at the end what was denied, on standard error' -r -f -a "text\t'For people'
json\t'For programs'
none\t'Not at all'"
complete -c denybox -n "__fish_denybox_using_subcommand run" -l report-file -d 'Also write the report as JSON to a file' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l audit-log -d 'Keep a tamper-evident log of the box in this directory; where it can\'t be written there is no box' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand run" -l require -d 'Refuse to run unless this control is fully in force (may be repeated; `denybox doctor` lists them)' -r -f -a "user-namespace\t''
mount-namespace\t''
pid-namespace\t''
ipc-namespace\t''
net-namespace\t''
uts-namespace\t''
cgroup-namespace\t''
time-namespace\t''
uid-separation\t''
seal\t''
tripwire\t''
capabilities\t''
no-new-privs\t''
landlock\t''
landlock-scope\t''
seccomp\t''
notification\t''
memfd-noexec\t''
memory\t''
pids\t''
cpus\t''"
complete -c denybox -n "__fish_denybox_using_subcommand run" -l clear-env -d 'Start with no more of the environment than PATH, HOME, USER, TERM, LANG and their like'
complete -c denybox -n "__fish_denybox_using_subcommand run" -l dry-run -d 'Print the plan and do nothing; with --report json as JSON'
complete -c denybox -n "__fish_denybox_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand run" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand doctor" -l report -d 'How to tell' -r -f -a "text\t'For people'
json\t'For programs'
none\t'Not at all'"
complete -c denybox -n "__fish_denybox_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "check" -d 'Look policies over: they must be read, call nothing that they may not, and always answer'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "test" -d 'Run the tests of policies, in Rego, and tell which lines they reach'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "eval" -d 'Ask a policy a question that is written in a file: nothing is run'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "show" -d 'Print the Rego of a policy'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "bundle" -d 'Write a policy as an OPA bundle'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and not __fish_seen_subcommand_from check test eval show bundle help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from check" -l report -d 'How to tell' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from test" -l threshold -d 'Fail where the tests reach less of a policy\'s lines than this, in per cent' -r
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from test" -l report -d 'How to tell' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from eval" -l policy -d 'Which policy' -r
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from eval" -l input -d 'The question, JSON as `denybox schema policy-input` describes it; - is standard input' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from eval" -l report -d 'How to tell' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from eval" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from eval" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from show" -l file -d 'Only this file, by the name that --list has, or the end of it' -r
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from show" -l list -d 'Only the names of its files'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from bundle" -s o -l output -d 'The file, such as local.tar.gz; it is replaced' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from bundle" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from bundle" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "check" -d 'Look policies over: they must be read, call nothing that they may not, and always answer'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "test" -d 'Run the tests of policies, in Rego, and tell which lines they reach'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "eval" -d 'Ask a policy a question that is written in a file: nothing is run'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the Rego of a policy'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "bundle" -d 'Write a policy as an OPA bundle'
complete -c denybox -n "__fish_denybox_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "new" -d 'Write a manifest: what scratch an agent needs, why, who asks, who agrees, and until when'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "sign" -d 'Sign a manifest, or add a signature to one that is signed'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "verify" -d 'Say whose signatures a justification has, and whether it would hold'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "show" -d 'Show a justification to people, or its parts to other programs'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "revoke" -d 'Revoke a justification, whoever signed it'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "schema" -d 'Print the JSON schema of manifests'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "lint" -d 'Say what is wrong with manifests, and what could be better'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and not __fish_seen_subcommand_from new sign verify show revoke schema lint help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l grant -d 'Ask for a resource with a backing (may be repeated)' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l scratch -d 'Ask for a private scratch of this size at /run/denybox/scratch, where TMPDIR will point' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l because -d 'The reason: what needs it, and what happens without' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l category -d 'The kind of the reason [default: guessed from what is asked for]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l ticket -d 'Where more is written about it: a ticket or a URL' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l alternative -d 'What was tried instead, and why it doesn\'t do (may be repeated)' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l agent -d 'Only for the agent of this name' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l executable -d 'Only for this very executable: the digest of the file is written down (may be repeated)' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l host -d 'Only on hosts of this name, such as build-7 or ci-*.example.org (may be repeated)' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l for -d 'From now for this long, such as 8h or 30d [default: 30d; 4h for break-glass]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l max-uses -d 'For no more than this many boxes' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l requested-by -d 'Who asks, by the name that trust files use [default: git\'s user.email]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l approved-by -d 'Who shall agree (may be repeated); their signatures will prove it' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l id -d 'Its name [default: made from the kind of reason and the date]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l format -d 'How to write it' -r -f -a "yaml\t'YAML'
json\t'JSON'"
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l output -d 'Write it to a file, which must not exist yet [default: standard output]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l break-glass -d 'There is no time to ask anybody: a key with the role break-glass signs alone, and somebody is alerted'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -l force -d 'Overwrite the file'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from new" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -l key -d 'Sign with this secret key: a file, or the name of one that `denybox key generate` made' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -l ssh-key -d 'Sign with this OpenSSH key of the kind ed25519: its file, or its .pub file where ssh-agent holds the secret' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -l output -d 'Write the envelope there [default: in place; for a manifest beside it, ending in .dsse.json]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -l force -d 'Overwrite another justification that is there'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from sign" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -l trust -d 'A trust file that signatures must pass as well (may be repeated) [default: your own, where nothing is pinned]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -l host -d 'As if on a host of this name [default: this host\'s name]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -l agent -d 'As if for an agent of this name [default: the one that the justification names]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -l executable -d 'As if for this executable [default: the one that the justification names]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -l report -d 'How to tell' -r -f -a "text\t'For people'
json\t'For programs'
none\t'Not at all'"
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from show" -l ssh-signature -d 'Write the Nth signature, which an SSH key made, as ssh-keygen reads it' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from show" -l manifest -d 'Write the manifest alone' -r -f -a "yaml\t'YAML'
json\t'JSON'"
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from show" -l signed-bytes -d 'Write the bytes that signatures are over, for `ssh-keygen -Y verify -n denybox-justification`'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from revoke" -l because -d 'Why' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from revoke" -l by -d 'Who revokes it [default: git\'s user.email]' -r
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from revoke" -l list -d 'The list [default: revoked.toml in your configuration]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from schema" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from lint" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "new" -d 'Write a manifest: what scratch an agent needs, why, who asks, who agrees, and until when'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Sign a manifest, or add a signature to one that is signed'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Say whose signatures a justification has, and whether it would hold'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a justification to people, or its parts to other programs'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a justification, whoever signed it'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON schema of manifests'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "lint" -d 'Say what is wrong with manifests, and what could be better'
complete -c denybox -n "__fish_denybox_using_subcommand justification; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -f -a "generate" -d 'Make a key, and say how others trust it'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -f -a "list" -d 'List the keys that you hold, and those that are trusted'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -f -a "trust" -d 'Trust somebody\'s key'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -f -a "revoke" -d 'Trust a key, or a person\'s every key, no more'
complete -c denybox -n "__fish_denybox_using_subcommand key; and not __fish_seen_subcommand_from generate list trust revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from generate" -l person -d 'Whose it is, for the command that trusts it [default: git\'s user.email]' -r
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from generate" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from list" -l trust -d 'List this trust file as well (may be repeated) [default: your own, where nothing is pinned]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -l person -d 'Whose it is: the name that justifications use' -r
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -l role -d 'What it may sign for (may be repeated, or a list with commas)' -r -f -a "requester\t'Asks'
approver\t'Agrees'
break-glass\t'Goes ahead alone in an emergency'"
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -l resource -d 'Only for this resource, and what lies below it (may be repeated)' -r
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -l for -d 'From now for this long, such as 365d [default: for ever]' -r
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -l trust -d 'The trust file [default: trust.toml in your configuration]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from trust" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from revoke" -l trust -d 'The trust file [default: trust.toml in your configuration]' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "generate" -d 'Make a key, and say how others trust it'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the keys that you hold, and those that are trusted'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "trust" -d 'Trust somebody\'s key'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Trust a key, or a person\'s every key, no more'
complete -c denybox -n "__fish_denybox_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -f -a "show" -d 'List the boxes in a log, or show what happened in one'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -f -a "verify" -d 'Find out whether a record was altered, dropped, moved, doubled or cut off, and which'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -f -a "checkpoint" -d 'Print a signed checkpoint of everything so far, to be kept elsewhere'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and not __fish_seen_subcommand_from show verify checkpoint help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from show" -l report -d 'How to tell; json gives the records as they are' -r -f -a "text\t'For people'
json\t'For programs'
none\t'Not at all'"
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from verify" -l against -d 'A checkpoint that was kept elsewhere (may be repeated)' -r -F
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from verify" -l key -d 'The key that signs this log\'s checkpoints, as in its key.pub, kept elsewhere [default: the one beside the log]' -r
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from checkpoint" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from checkpoint" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "show" -d 'List the boxes in a log, or show what happened in one'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Find out whether a record was altered, dropped, moved, doubled or cut off, and which'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "checkpoint" -d 'Print a signed checkpoint of everything so far, to be kept elsewhere'
complete -c denybox -n "__fish_denybox_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c denybox -n "__fish_denybox_using_subcommand schema" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "man" -d 'A manual page, in roff'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "completions" -d 'Completions of a shell'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from man" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from man" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from completions" -s h -l help -d 'Print help'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from completions" -s V -l version -d 'Print version'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "man" -d 'A manual page, in roff'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "completions" -d 'Completions of a shell'
complete -c denybox -n "__fish_denybox_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "run" -d 'Run a command in a box'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "doctor" -d 'Say what this host can enforce, and how to get the rest'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "policy" -d 'Look policies over, test them, ask them, print them'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "justification" -d 'Write, sign, check and revoke justifications'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "key" -d 'Make keys that sign justifications, and say whose keys are trusted'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "audit" -d 'Read audit logs and find out whether somebody changed them'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "schema" -d 'Print the JSON schema of a document that denybox writes or reads'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "generate" -d 'Print a manual page or the completions of a shell, for packages'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy justification key audit schema generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "check" -d 'Look policies over: they must be read, call nothing that they may not, and always answer'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "test" -d 'Run the tests of policies, in Rego, and tell which lines they reach'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "eval" -d 'Ask a policy a question that is written in a file: nothing is run'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "show" -d 'Print the Rego of a policy'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "bundle" -d 'Write a policy as an OPA bundle'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "new" -d 'Write a manifest: what scratch an agent needs, why, who asks, who agrees, and until when'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "sign" -d 'Sign a manifest, or add a signature to one that is signed'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "verify" -d 'Say whose signatures a justification has, and whether it would hold'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "show" -d 'Show a justification to people, or its parts to other programs'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "revoke" -d 'Revoke a justification, whoever signed it'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "schema" -d 'Print the JSON schema of manifests'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from justification" -f -a "lint" -d 'Say what is wrong with manifests, and what could be better'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "generate" -d 'Make a key, and say how others trust it'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'List the keys that you hold, and those that are trusted'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "trust" -d 'Trust somebody\'s key'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "revoke" -d 'Trust a key, or a person\'s every key, no more'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "show" -d 'List the boxes in a log, or show what happened in one'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Find out whether a record was altered, dropped, moved, doubled or cut off, and which'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "checkpoint" -d 'Print a signed checkpoint of everything so far, to be kept elsewhere'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "man" -d 'A manual page, in roff'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "completions" -d 'Completions of a shell'
