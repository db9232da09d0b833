# Why decide.rego refused: codes for programs, words for people, and the smallest thing that would help, as a fragment
# of a command line. It is read only when something is refused, and can't change that.
package denybox.local

explained contains {"index": i, "code": code, "message": message, "remedy": remedy} if {
	some [i, code] in against
	some [text, remedy] in words(code, exposures[i])
	message := sprintf("%s: %s", [exposures[i].resource, text])
}

exposures := input.surface.exposures

# What speaks against an exposure, whether or not it is the only thing that does: its index and a code.
against contains [i, "writable"] if {
	some kind in ["absent", "sealed"]
	some group in of[kind]
	some i, exposure in group
	not exposure.access.write == false
}

against contains [i, "writable"] if {
	some i, exposure in to_be_read
	not exposure.access.write == false
}

against contains [i, "not-mounted-read-only"] if {
	some i, exposure in to_be_read
	not exposure.options.readonly == true
}

to_be_read[i] := exposure if {
	some kind, roles in {"host": ["system", "toolchain", "read-only"], "private": ["system", "toolchain"], "rootfs": ["system", "toolchain"]}
	some role in roles
	some i, exposure in of[kind][role]
}

against contains [i, "guarded-path"] if {
	some i, exposure in placed
	guarded(exposure)
}

# What must keep away from guarded places.
placed[i] := exposure if {
	some role in ["workspace", "read-only", "read-write"]
	some i, exposure in of.host[role]
}

placed[i] := exposure if some i, exposure in of.dir.scratch

against contains [i, "needs-reason"] if {
	some role in ["read-only", "read-write"]
	some i, exposure in of.host[role]
	unjustified_in_scratch(exposure)
}

against contains [i, "needs-reason"] if {
	some kind in ["private", "dir"]
	some i, _ in of[kind].scratch
	not justified
}

against contains [i, "unexpected-backing"] if {
	some kind, group in of
	not kind in {"host", "absent", "sealed"}
	some role in ["workspace", "read-only", "read-write", "socket", "network"]
	some i, _ in group[role]
}

against contains [i, "not-private"] if {
	some kind, group in of
	not kind in {"private", "absent", "sealed"}
	some i, _ in group.home
}

against contains [i, "not-private"] if {
	some role in ["home", "scratch"]
	some i, exposure in of.private[role]
	not exposure.sharing["with"] == "private"
}

against contains [i, "unsized"] if {
	some i, exposure in memory
	not exposure.limits.size > 0
}

memory[i] := exposure if some i, exposure in of.private.home

memory[i] := exposure if {
	some i, exposure in of.private.scratch
	startswith(exposure.resource, "/")
}

against contains [i, "socket-not-shown"] if {
	some i, socket in of.host.socket
	not shown(socket.resource)
}

against contains [i, "no-abstract-scope"] if {
	some i, _ in of.host.network
	not input.host.abstract_socket_scope == true
}

against contains [i, "exec-mismatch"] if {
	some i, exposure in memory
	exposure.role == "scratch"
	not exposure.access.execute != exposure.options.noexec
}

against contains [i, "executable"] if {
	some i, exposure in of.dir.scratch
	[exposure.access.execute, exposure.options.noexec] != [false, true]
}

against contains [i, "mount-flags"] if {
	some i, exposure in granted_paths
	not contained(exposure)
}

against contains [i, "not-grantable"] if {
	some i, exposure in granted_paths
	not grantable(exposure.resource)
}

against contains [i, "not-grantable"] if {
	some i, exposure in of.private.scratch
	not startswith(exposure.resource, "/")
	not exposure.resource in own_ipc
}

granted_paths[i] := exposure if some i, exposure in of.dir.scratch

granted_paths[i] := exposure if {
	some i, exposure in memory
	exposure.role == "scratch"
}

against contains [i, "directory-in-scratch"] if {
	some i, exposure in of.dir.scratch
	some related in exposure.related
	related.guard == "scratch"
	related.how == "below"
}

against contains [i, code] if {
	some i, exposure in of.dir.scratch
	some code, field in {
		"not-a-directory": "directory",
		"not-owned": "owned_by_caller",
		"wrong-mode": "mode",
		"not-locked": "locked",
	}
	not exposure.directory[field] == own_directory[field]
}

against contains [i, "over-budget"] if {
	some i, exposure in of.private.scratch
	is_number(exposure.limits.size)
	not within_budget
}

# The command line can't justify the host's own, the container's, or a shared one.
against contains [i, "host-needs-signed-justification"] if {
	some kind in ["host", "shared", "rootfs"]
	some i, _ in of[kind].scratch
}

# The words for a code, and the remedy: one pair, or one for each guarded place.
words(code, exposure) := [[plain[code], null]] if plain[code]

else := [[told, sprintf("install -d -m 0700 %s", [quoted(directory(exposure))])]] if {
	code == "not-a-directory"
	told := sprintf("%s is no directory", [directory(exposure)])
} else := [[told, sprintf("chmod 0700 %s", [quoted(directory(exposure))])]] if {
	code == "wrong-mode"
	told := sprintf("%s must have the mode 0700", [directory(exposure)])
} else := [guarded_words(exposure, related) |
	some related in exposure.related
	related.how != "below"
] if {
	code == "guarded-path"
} else := [[told, smaller]] if {
	code == "over-budget"
	told := sprintf(
		"all grants add up to %d bytes (%d MiB); a quarter of the memory here, %d bytes, is %d bytes (%d MiB)",
		[granted, mebibytes(granted), input.host.memory_bytes, quarter, mebibytes(quarter)],
	)
} else := [[helped[code], advice(code, exposure)]]

# Where there is nothing to advise.
plain := {
	"writable": "may only be read, but would be writable",
	"not-mounted-read-only": "may only be read, but its mount is not read-only",
	"unexpected-backing": "can only be shown from the host, but is backed by something else",
	"not-private": "must be the agent's alone, but others could reach it",
	"exec-mismatch": "whether it can be executed from is one thing in the grant and another in the mount",
	"mount-flags": "its mount lacks nosuid or nodev",
	"not-grantable": "not something that can be granted",
	"not-locked": "the directory is in use by another box",
	"not-owned": "the directory does not belong to the caller",
	"directory-in-scratch": "the directory lies in shared scratch itself; take one outside",
}

helped := {
	"needs-reason": "nobody said why it is needed",
	"unsized": "memory of the agent's own needs a size",
	"executable": "a directory of the host can't be executed from; memory of the agent's own can",
	"socket-not-shown": "a socket outside everything that is shown",
	"no-abstract-scope": "the host's network reaches its abstract sockets, and this kernel can't close them (Landlock ABI 6)",
	"host-needs-signed-justification": "to share it with others takes a signed justification; one of the agent's own doesn't",
}

advice(code, exposure) := "--because 'why it is needed'" if code == "needs-reason"

else := "--net none" if code == "no-abstract-scope"

else := sprintf("--ro %s", [quoted(exposure.resource)]) if code == "socket-not-shown"

else := own(exposure, "64M", "") if code == "unsized"

else := own(exposure, "64M", ",exec") if code == "executable"

else := concat(" ", [own(exposure, "64M", ""), "--because 'why it is needed'"])

# The argument that grants memory, or a namespace, of the agent's own in place of an exposure.
own(exposure, size, options) := sprintf("--scratch %s", [size]) if exposure.resource == "/run/denybox/scratch"

else := null if exposure.role != "scratch"

else := sprintf("--grant %s=private", [exposure.resource]) if not startswith(exposure.resource, "/")

else := sprintf("--grant %s", [quoted(concat("", [exposure.resource, "=private,size=", size, options]))])

directory(exposure) := exposure.backing.value.path

directory(exposure) := exposure.backing.worst.path

guarded_words(exposure, related) := [text, elsewhere(exposure.role, related.guard)] if {
	verb := {"is": "is", "contains": "contains", "aliases": "is another name for"}[related.how]
	place := {"scratch": "which is shared scratch", "root": "the root directory", "home": "the caller's home"}[related.guard]
	text := sprintf("%s %s, %s", [verb, related.to, place])
}

elsewhere(role, guard) := "--scratch 64M --because 'why it is needed'" if {
	guard == "scratch"
	role in {"read-only", "read-write"}
} else := {"workspace": "--workspace DIRECTORY", "read-only": "--ro DIRECTORY", "read-write": "--rw DIRECTORY"}[role] if {
	role != "scratch"
} else := null

# The size that would fit, where there is one grant only.
smaller := own(only, sprintf("%dM", [mebibytes(quarter)]), "") if {
	[only] := [exposure | some exposure in of.private.scratch; is_number(exposure.limits.size)]
	mebibytes(quarter) > 0
} else := null

quarter := floor(input.host.memory_bytes / 4)

mebibytes(bytes) := floor(bytes / 1048576)

# A text as one word of a shell's command line.
quoted(text) := text if regex.match(`^[A-Za-z0-9/._=,:@%+-]+$`, text)

else := sprintf("'%s'", [replace(text, "'", `'\''`)])
