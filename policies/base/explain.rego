# Why something was refused: codes for programs, words for people, and the smallest thing that would help, as a fragment
# of a command line or a command. It is asked only when something is refused, and can't change that.
package denybox.base

exposures[exposure.index] := exposure if {
	some group in input.surface
	some exposure in group
}

# What is wrong with an exposure as it is, whether or not it is the only thing that is: its index and a code.
shape contains [i, "writable"] if {
	some i, exposure in exposures
	exposure.backing.kind in {"absent", "sealed"}
	not exposure.access.write == false
}

shape contains [i, "writable"] if {
	some i, exposure in exposures
	to_be_read(exposure)
	not exposure.access.write == false
}

shape contains [i, "not-mounted-read-only"] if {
	some i, exposure in exposures
	to_be_read(exposure)
	not exposure.options.readonly == true
}

to_be_read(exposure) if {
	exposure.role == "read-only"
	exposure.backing.kind == "host"
}

to_be_read(exposure) if {
	exposure.role in {"system", "toolchain"}
	exposure.backing.kind in {"host", "private", "rootfs"}
}

shape contains [i, "guarded-path"] if {
	some i, exposure in exposures
	placed(exposure)
	exposure.stands == "guarded"
}

# What must keep away from guarded places.
placed(exposure) if {
	exposure.role in {"workspace", "read-only", "read-write"}
	exposure.backing.kind == "host"
}

placed(exposure) if own_place(exposure)

own_place(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind == "dir"
}

shape contains [i, "unexpected-backing"] if {
	some i, exposure in exposures
	exposure.role in {"workspace", "read-only", "read-write", "socket", "network"}
	not exposure.backing.kind in {"host", "absent", "sealed"}
}

shape contains [i, "not-private"] if {
	some i, exposure in exposures
	exposure.role == "home"
	not exposure.backing.kind in {"private", "absent", "sealed"}
}

shape contains [i, "not-private"] if {
	some i, exposure in exposures
	exposure.role in {"home", "scratch"}
	exposure.backing.kind == "private"
	not exposure.sharing["with"] == "private"
}

shape contains [i, "unsized"] if {
	some i, exposure in exposures
	memory(exposure)
	not limited(exposure.limits.size)
}

limited(limit) if { is_number(limit); limit > 0 }

memory(exposure) if {
	exposure.role == "home"
	exposure.backing.kind == "private"
}

memory(exposure) if scratch_memory(exposure)

scratch_memory(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind in {"private", "shared"}
	startswith(exposure.resource, "/")
}

shape contains [i, "socket-not-shown"] if {
	some i, exposure in exposures
	exposure.role == "socket"
	exposure.backing.kind == "host"
	not shown(exposure.resource)
}

shape contains [i, "no-abstract-scope"] if {
	some i, exposure in exposures
	exposure.role == "network"
	exposure.backing.kind == "host"
	not input.host.abstract_socket_scope == true
}

shape contains [i, "exec-mismatch"] if {
	some i, exposure in exposures
	scratch_memory(exposure)
	exposure.backing.kind == "private"
	not exposure.access.execute != exposure.options.noexec
}

shape contains [i, "executable"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind in {"dir", "host", "shared"}
	startswith(exposure.resource, "/")
	not never_executed(exposure)
}

shape contains [i, "mount-flags"] if {
	some i, exposure in exposures
	scratch_place(exposure)
	not contained(exposure)
}

shape contains [i, "not-grantable"] if {
	some i, exposure in exposures
	scratch_place(exposure)
	not place(exposure.resource)
}

shape contains [i, "not-grantable"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind == "private"
	not startswith(exposure.resource, "/")
	not exposure.resource in own_ipc
}

shape contains [i, "others-ipc"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind in {"host", "shared"}
	not startswith(exposure.resource, "/")
}

scratch_place(exposure) if scratch_memory(exposure)

scratch_place(exposure) if own_place(exposure)

scratch_place(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind == "host"
	startswith(exposure.resource, "/")
}

shape contains [i, "other-place"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind == "host"
	startswith(exposure.resource, "/")
	not exposure.resource == exposure.backing.path
}

in_scratch(exposure) if {
	some related in exposure.related
	related.guard == "scratch"
}

shape contains [i, "directory-in-scratch"] if {
	some i, exposure in exposures
	own_place(exposure)
	some related in exposure.related
	related.guard == "scratch"
	related.how == "below"
}

shape contains [i, code] if {
	some i, exposure in exposures
	own_place(exposure)
	some code, field in {
		"not-a-directory": "directory",
		"not-owned": "owned_by_caller",
		"wrong-mode": "mode",
		"not-locked": "locked",
	}
	not exposure.directory[field] == own_directory[field]
}

shape contains [i, "not-named"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind == "shared"
	not exposure.sharing["with"] == "named"
}

shape contains [i, "over-budget"] if {
	some i, exposure in exposures
	scratch_memory(exposure)
	is_number(exposure.limits.size)
	not within_budget
}

within_budget if granted * 4 <= input.host.memory_bytes

# The container's own layer is no scratch that could be granted.
shape contains [i, "not-grantable"] if {
	some i, exposure in exposures
	exposure.role == "scratch"
	exposure.backing.kind == "rootfs"
}

# The rule that would allow an exposure if nothing were wrong with it.
rule(exposure) := "nothing-there" if {
	exposure.backing.kind in {"absent", "sealed"}
} else := name if {
	name = by_role[exposure.role]
} else := "private-ipc" if {
	exposure.backing.kind == "private"
	not startswith(exposure.resource, "/")
} else := name if {
	name = by_backing[exposure.backing.kind]
} else := "no-rule"

by_role := {
	"system": "system-read-only",
	"toolchain": "system-read-only",
	"home": "own-home",
	"workspace": "workspace",
	"read-only": "shown-read-only",
	"read-write": "shown-read-write",
	"socket": "reported-socket",
	"network": "host-network",
}

by_backing := {
	"private": "private-scratch",
	"dir": "own-directory",
	"host": "host-scratch",
	"shared": "shared-scratch",
}

# The words for a code, and the remedy: one pair, or one for each guarded place.
words(code, exposure) := [[plain[code], null]] if {
	plain[code]
} else := [[told, sprintf("install -d -m 0700 %s", [quoted(exposure.backing.path)])]] if {
	code == "not-a-directory"
	told := sprintf("%s is no directory", [exposure.backing.path])
} else := [[told, sprintf("chmod 0700 %s", [quoted(exposure.backing.path)])]] if {
	code == "wrong-mode"
	told := sprintf("%s must have the mode 0700", [exposure.backing.path])
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
	"other-place": "the host's own can be granted only under its own name",
	"not-named": "it would be shared with others who are not named",
}

helped := {
	"unsized": "memory of the agent's own needs a size",
	"others-ipc": "what others share this way is granted to nobody; one of the agent's own is",
	"executable": "it can't be executed from; memory of the agent's own can",
	"socket-not-shown": "a socket outside everything that is shown",
	"no-abstract-scope": "the host's network reaches its abstract sockets, and this kernel can't close them (Landlock ABI 6)",
}

advice(code, exposure) := "--net none" if {
	code == "no-abstract-scope"
} else := sprintf("--ro %s", [quoted(exposure.resource)]) if {
	code == "socket-not-shown"
} else := own(exposure, "64M", ",exec") if {
	code == "executable"
} else := own(exposure, "64M", "")

# The argument that grants memory, or a namespace, of the agent's own in place of an exposure.
own(exposure, size, options) := sprintf("--scratch %s", [size]) if {
	exposure.resource == "/run/denybox/scratch"
} else := null if {
	exposure.role != "scratch"
} else := sprintf("--grant %s=private", [exposure.resource]) if {
	not startswith(exposure.resource, "/")
} else := sprintf("--grant %s", [quoted(concat("", [exposure.resource, "=private,size=", size, options]))])

guarded_words(exposure, related) := [text, elsewhere(exposure.role, related.guard)] if {
	text := sprintf("%s %s, %s", [verbs[related.how], related.to, guards[related.guard]])
}

verbs := {"is": "is", "contains": "contains", "aliases": "is another name for"}

guards := {"scratch": "which is shared scratch", "root": "the root directory", "home": "the caller's home"}

elsewhere(role, guard) := "--scratch 64M --because 'why it is needed'" if {
	guard == "scratch"
	role in {"read-only", "read-write"}
} else := option if {
	option = other_place[role]
} else := null

other_place := {"workspace": "--workspace DIRECTORY", "read-only": "--ro DIRECTORY", "read-write": "--rw DIRECTORY"}

# The size that would fit, where there is one grant only.
smaller := own(sized[0], sprintf("%dM", [mebibytes(quarter)]), "") if {
	count(sized) == 1
	mebibytes(quarter) > 0
} else := null

sized := [exposure |
	some exposure in exposures
	scratch_memory(exposure)
	is_number(exposure.limits.size)
]

quarter := floor(input.host.memory_bytes / 4)

mebibytes(bytes) := floor(bytes / 1048576)

# A text as one word of a shell's command line.
quoted(text) := text if {
	regex.match(`^[A-Za-z0-9/._=,:@%+-]+$`, text)
} else := sprintf("'%s'", [replace(text, "'", `'\''`)])
