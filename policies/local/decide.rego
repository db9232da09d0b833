# The policy of `denybox run`: no shared scratch without a reason.
#
# Each exposure falls under one rule, by its role and its backing. `deny` holds what speaks against an exposure: its
# index and a code. Allowed is what falls under a rule and has nothing against it; whatever is missing from the input
# speaks against it too, which is why the conditions below are written as `not … == wanted`. What a code means to
# people is in explain.rego, which is read only when something is refused.
package denybox.local

answer := {"verdicts": verdicts, "general": [{"code": "over-budget"} | not within_budget]}

verdicts := [verdict |
	some name, group in under
	some index, _ in group
	codes := [{"code": code} | some [i, code] in deny; i == index]
	verdict := {
		"index": index,
		"rule": name,
		"allow": count(codes) == 0,
		"reasons": codes,
		"obligations": object.get(obligations, name, []),
	}
]

# What must be done along with a grant.
obligations := {
	"reported-socket": ["report"],
	"own-directory": ["report", "report-unenforced-size"],
}

# The exposures under each rule, by index.
under[name][index] := exposure if {
	some index, exposure in input.surface.exposures
	name := rule(exposure, kind(exposure))
}

# What an exposure is backed by; where that is not known, the worst that it could be.
kind(exposure) := object.get(exposure.backing, "worst", object.get(exposure.backing, "value", {})).kind

rule(exposure, kind) := "nothing-there" if kind in {"absent", "sealed"}
else := {
	"system": "system-read-only",
	"toolchain": "system-read-only",
	"home": "own-home",
	"workspace": "workspace",
	"read-only": "shown-read-only",
	"read-write": "shown-read-write",
	"socket": "reported-socket",
	"network": "host-network",
}[exposure.role] if exposure.role != "scratch"
else := "own-directory" if kind == "dir"
else := "shared-scratch" if kind != "private"
else := "private-scratch" if startswith(exposure.resource, "/")
else := "private-ipc" if exposure.resource in {"sysv-shm", "sysv-sem", "sysv-msg", "posix-mq", "memfd-exec"}
else := "no-rule"

deny contains [i, "no-rule"] if some i, _ in under["no-rule"]

# Reading only, in deed: a mount of the host's that could be written through is not enough of a promise.
deny contains [i, "writable"] if {
	some name in ["nothing-there", "system-read-only", "shown-read-only"]
	some i, exposure in under[name]
	not exposure.access.write == false
}

deny contains [i, "not-mounted-read-only"] if {
	some name in ["system-read-only", "shown-read-only"]
	some i, exposure in under[name]
	kind(exposure) == "host"
	not exposure.options.readonly == true
}

# Shared scratch, `/` and the caller's home are nobody's to show, by whatever name.
deny contains [i, "guarded-path"] if {
	some name in ["workspace", "shown-read-only", "shown-read-write", "own-directory"]
	some i, exposure in under[name]
	some related in exposure.related
	related.how != "below"
}

deny contains [i, "not-of-the-host"] if {
	some name in ["workspace", "shown-read-only", "shown-read-write"]
	some i, exposure in under[name]
	kind(exposure) != "host"
}

# What lies in shared scratch is other people's business too. A workspace there works: nothing beside it is shown.
deny contains [i, "needs-reason"] if {
	some name in ["shown-read-only", "shown-read-write"]
	some i, exposure in under[name]
	below_scratch(exposure)
	not justified
}

deny contains [i, "directory-in-scratch"] if {
	some i, exposure in under["own-directory"]
	below_scratch(exposure)
}

below_scratch(exposure) if {
	some related in exposure.related
	related.guard == "scratch"
	related.how == "below"
}

deny contains [i, "socket-not-shown"] if {
	some i, socket in under["reported-socket"]
	not shown(socket.resource)
}

shown(path) if {
	some name in ["workspace", "shown-read-only", "shown-read-write"]
	some place in under[name]
	startswith(concat("", [path, "/"]), concat("", [place.resource, "/"]))
}

deny contains [i, "no-abstract-scope"] if {
	some i, _ in under["host-network"]
	not input.host.abstract_socket_scope == true
}

# Grants: memory, an IPC namespace or a directory of the agent's own, for a reason.
deny contains [i, "needs-reason"] if {
	some name in ["private-scratch", "private-ipc", "own-directory"]
	some i, _ in under[name]
	not justified
}

# A reason has at least one letter or digit. The Hangul fillers are letters that nobody can see.
justified if {
	some text in input.reasons
	regex.match(`[\pL\pN]`, strings.replace_n({"ᅟ": "", "ᅠ": "", "ㅤ": "", "ﾠ": ""}, text))
}

deny contains [i, "not-private"] if {
	some name in ["own-home", "private-scratch", "private-ipc"]
	some i, exposure in under[name]
	not is_private(exposure)
}

is_private(exposure) if {
	kind(exposure) == "private"
	exposure.sharing["with"] == "private"
}

deny contains [i, "unsized"] if {
	some name in ["own-home", "private-scratch"]
	some i, exposure in under[name]
	not exposure.limits.size > 0
}

deny contains [i, "exec-mismatch"] if {
	some i, exposure in under["private-scratch"]
	not exposure.access.execute != exposure.options.noexec
}

deny contains [i, "executable"] if {
	some i, exposure in under["own-directory"]
	not [exposure.access.execute, exposure.options.noexec] == [false, true]
}

deny contains [i, "mount-flags"] if {
	some name in ["private-scratch", "own-directory"]
	some i, exposure in under[name]
	not [exposure.options.nosuid, exposure.options.nodev] == [true, true]
}

# Places that hold the box itself together.
deny contains [i, "not-grantable"] if {
	some name in ["private-scratch", "own-directory"]
	some i, exposure in under[name]
	not grantable(exposure.resource)
}

grantable(path) if path == "/run/denybox/scratch"

grantable(path) if {
	startswith(path, "/")
	not path in {"/", "/dev", "/run"}
	not startswith(concat("", [path, "/"]), "/proc/")
	not startswith(concat("", [path, "/"]), "/sys/")
	not startswith(concat("", [path, "/"]), "/run/denybox/")
}

deny contains [i, code] if {
	some i, exposure in under["own-directory"]
	some code, wanted in {
		"not-a-directory": ["directory", true],
		"not-owned": ["owned_by_caller", true],
		"wrong-mode": ["mode", 448], # octal 0700
		"not-locked": ["locked", true],
	}
	not exposure.directory[wanted[0]] == wanted[1]
}

# The host's own, the container's or a shared one: the command line can't justify that.
deny contains [i, "host-needs-signed-justification"] if some i, _ in under["shared-scratch"]

# All grants together stay within a quarter of the memory.
granted contains [i, exposure.limits.size] if {
	some name in ["private-scratch", "private-ipc"]
	some i, exposure in under[name]
	is_number(exposure.limits.size)
}

total := sum([size | some [_, size] in granted])

within_budget if total * 4 <= input.host.memory_bytes
