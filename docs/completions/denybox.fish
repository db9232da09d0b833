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
complete -c denybox -n "__fish_denybox_using_subcommand run" -l memory -d 'Limit memory' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l pids -d 'Limit the number of processes and threads' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l cpus -d 'Limit processor time, in processors: 0.5, 2' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l timeout -d 'End the command after this time: 90s, 10m, 2h' -r
complete -c denybox -n "__fish_denybox_using_subcommand run" -l report -d 'How to tell at the end what was denied, on standard error' -r -f -a "text\t'For people'
json\t'For programs'
none\t'Not at all'"
complete -c denybox -n "__fish_denybox_using_subcommand run" -l report-file -d 'Also write the report as JSON to a file' -r -F
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
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "run" -d 'Run a command in a box'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "doctor" -d 'Say what this host can enforce, and how to get the rest'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "policy" -d 'Look policies over, test them, ask them, print them'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "schema" -d 'Print the JSON schema of a document that denybox writes or reads'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "generate" -d 'Print a manual page or the completions of a shell, for packages'
complete -c denybox -n "__fish_denybox_using_subcommand help; and not __fish_seen_subcommand_from run doctor policy schema generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "check" -d 'Look policies over: they must be read, call nothing that they may not, and always answer'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "test" -d 'Run the tests of policies, in Rego, and tell which lines they reach'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "eval" -d 'Ask a policy a question that is written in a file: nothing is run'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "show" -d 'Print the Rego of a policy'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "bundle" -d 'Write a policy as an OPA bundle'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "man" -d 'A manual page, in roff'
complete -c denybox -n "__fish_denybox_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "completions" -d 'Completions of a shell'
