# What the codes of decide.rego mean, and the smallest thing that would help, as a fragment of a command line.
package denybox.local

explained contains {"index": i, "code": code, "message": message, "remedy": null} if {
	some [i, code] in deny
	message := sprintf("%s: %s", [resource(i), plain[code]])
}

explained contains {"index": i, "code": code, "message": message, "remedy": remedy} if {
	some [i, code] in deny
	some [text, remedy] in helped(code, exposures[i])
	message := sprintf("%s: %s", [resource(i), text])
}

explained contains {"index": null, "code": "over-budget", "message": message, "remedy": smaller} if {
	not within_budget
	message := sprintf(
		"the grants add up to %d bytes (%d MiB); a quarter of the memory here, %d bytes, is %d bytes (%d MiB)",
		[total, mebibytes(total), input.host.memory_bytes, quarter, mebibytes(quarter)],
	)
}

exposures := input.surface.exposures

resource(i) := exposures[i].resource

# Where there is nothing to advise.
plain := {
	"no-rule": "no rule knows such an exposure",
	"writable": "may only be read, but would be writable",
	"not-mounted-read-only": "is to be read only, but its mount is not read-only",
	"not-of-the-host": "is to be a place of the host, but is backed by something else",
	"not-private": "is to be the agent's alone, but others could reach it",
	"exec-mismatch": "whether it can be executed from is one thing in the grant and another in the mount",
	"mount-flags": "its mount lacks nosuid or nodev",
	"not-grantable": "the box itself needs this place",
	"not-locked": "the directory is in use by another box",
	"not-owned": "the directory does not belong to the caller",
	"directory-in-scratch": "the directory lies in shared scratch itself; take one outside",
}

helped(code, exposure) := [["nobody said why it is needed", "--because 'why it is needed'"]] if code == "needs-reason"

else := [["the host's network reaches the host's abstract sockets, and this kernel cannot close them (Landlock ABI 6)", "--net none"]] if code == "no-abstract-scope"

else := [["memory of the agent's own needs a size", grant(exposure, "64M", "")]] if code == "unsized"

else := [["a directory of the host cannot be executed from; memory can", grant(exposure, "64M", ",exec")]] if code == "executable"

else := [["sharing it with others needs a signed justification; a private one does not", concat(" ", [grant(exposure, "64M", ""), "--because 'why it is needed'"])]] if code == "host-needs-signed-justification"

else := [["a socket outside everything that is shown", sprintf("--ro %s", [quoted(exposure.resource)])]] if code == "socket-not-shown"

else := [[sprintf("%s is no directory", [directory(exposure)]), sprintf("install -d -m 0700 %s", [quoted(directory(exposure))])]] if code == "not-a-directory"

else := [[sprintf("%s must have the mode 0700", [directory(exposure)]), sprintf("chmod 0700 %s", [quoted(directory(exposure))])]] if code == "wrong-mode"

else := [guarded(exposure, related) |
	some related in exposure.related
	related.how != "below"
] if code == "guarded-path"

directory(exposure) := exposure.backing.value.path

directory(exposure) := exposure.backing.worst.path

# The argument that grants memory of the agent's own in place of an exposure.
grant(exposure, size, options) := concat(" ", ["--scratch", size]) if exposure.resource == "/run/denybox/scratch"

else := concat(" ", ["--grant", quoted(text)]) if {
	exposure.role == "scratch"
	startswith(exposure.resource, "/")
	text := concat("", [exposure.resource, "=private,size=", size, options])
} else := sprintf("--grant %s=private", [exposure.resource]) if exposure.role == "scratch"

else := null

guarded(exposure, related) := [text, remedy] if {
	verb := {"is": "is", "contains": "contains", "aliases": "is another name for"}[related.how]
	place := {"scratch": "which is shared scratch", "root": "the root directory", "home": "the caller's home"}[related.guard]
	text := sprintf("%s %s, %s", [verb, related.to, place])
	remedy := instead(exposure.role, related.guard)
}

instead(role, guard) := "--scratch 64M --because 'why it is needed'" if {
	guard == "scratch"
	role in {"read-only", "read-write"}
} else := {"workspace": "--workspace DIRECTORY", "read-only": "--ro DIRECTORY", "read-write": "--rw DIRECTORY"}[role]

else := null

# With a single grant, the size that would fit.
smaller := grant(exposures[i], sprintf("%dM", [mebibytes(quarter)]), "") if {
	count(granted) == 1
	some [i, _] in granted
	mebibytes(quarter) > 0
} else := null

quarter := floor(input.host.memory_bytes / 4)

mebibytes(bytes) := floor(bytes / 1048576)

# A text as one word of a shell's command line.
quoted(text) := text if regex.match(`^[A-Za-z0-9/._=,:@%+-]+$`, text)

else := sprintf("'%s'", [replace(text, "'", `'\''`)])
