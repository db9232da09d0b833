# What the policies that ship share: what every box has without asking, and what it could be granted at all. Whether it
# is granted is for local and strict to say; why something was refused, for explain.rego.
#
# `input.surface` has the exposures in groups, so that a rule looks only at what it is about. These rules are compiled in
# advance. The compiled form doesn't stop at `x := f(…)` where f is undefined, nor in `every` where a call in it is: these
# are written `x = f(…)`, and out.
package denybox.base

# What every agent may have: an exposure's index and the rule that allows it. It needs no reason.
usual contains [exposure.index, "nothing-there", null] if {
	some exposure in input.surface.closed
	exposure.access.write == false
}

usual contains [exposure.index, "system-read-only", null] if {
	some exposure in input.surface.system
	exposure.backing.kind in {"host", "private", "rootfs"}
	exposure.access.write == false
	exposure.options.readonly == true
}

usual contains [exposure.index, "own-home", null] if {
	some exposure in input.surface.home
	exposure.backing.kind == "private"
	exposure.sharing["with"] == "private"
	limited(exposure.limits.size)
}

# A workspace below shared scratch works: nothing beside it is shown.
usual contains [exposure.index, "workspace", null] if {
	some exposure in input.surface.workspace
	exposure.backing.kind == "host"
	not guarded(exposure)
}

usual contains [exposure.index, name, null] if {
	some [name, exposure] in shown_from_host
	not in_scratch(exposure)
}

# A socket is reached through what is shown around it.
usual contains [exposure.index, "reported-socket", null] if {
	some exposure in input.surface.socket
	exposure.backing.kind == "host"
	shown(exposure.resource)
}

usual contains [exposure.index, "host-network", null] if {
	some exposure in input.surface.network
	exposure.backing.kind == "host"
	input.host.abstract_socket_scope == true
}

# What an agent may have for whom it is justified: an exposure's index and the rule that would allow it.
#
# Memory of the agent's own: sized, and executable only where that was asked for.
grantable contains [exposure.index, "private-scratch"] if {
	some exposure in input.surface.scratch
	exposure.backing.kind == "private"
	place(exposure.resource)
	exposure.sharing["with"] == "private"
	limited(exposure.limits.size)
	exposure.access.execute != exposure.options.noexec
	contained(exposure)
	within_budget
}

# A kind of IPC within a namespace of the agent's own.
grantable contains [exposure.index, "private-ipc"] if {
	some exposure in input.surface.scratch
	exposure.backing.kind == "private"
	exposure.resource in own_ipc
	exposure.sharing["with"] == "private"
}

# A directory of the agent's own: the caller's, closed to others, never executed from.
grantable contains [exposure.index, "own-directory"] if {
	some exposure in input.surface.scratch
	exposure.backing.kind == "dir"
	place(exposure.resource)
	exposure.directory == own_directory
	contained(exposure)
	never_executed(exposure)
	not guarded(exposure)
	not in_scratch(exposure)
}

# What lies in shared scratch is other people's business too.
grantable contains [exposure.index, name] if some [name, exposure] in shown_from_host

# The host's own shared scratch, under its own name.
grantable contains [exposure.index, "host-scratch"] if {
	some exposure in input.surface.scratch
	exposure.backing.kind == "host"
	exposure.backing.path == exposure.resource
	place(exposure.resource)
	contained(exposure)
	never_executed(exposure)
}

# One scratch for a group of agents that are named.
grantable contains [exposure.index, "shared-scratch"] if {
	some exposure in input.surface.scratch
	exposure.backing.kind == "shared"
	exposure.sharing["with"] == "named"
	place(exposure.resource)
	limited(exposure.limits.size)
	contained(exposure)
	never_executed(exposure)
	within_budget
}

shown_from_host contains ["shown-read-only", exposure] if {
	some exposure in input.surface.read_only
	exposure.backing.kind == "host"
	exposure.access.write == false
	exposure.options.readonly == true
	not guarded(exposure)
}

shown_from_host contains ["shown-read-write", exposure] if {
	some exposure in input.surface.read_write
	exposure.backing.kind == "host"
	not guarded(exposure)
}

# Shared scratch, `/` and the caller's home are nobody's to show, by whatever name.
guarded(exposure) if {
	some related in exposure.related
	related.how != "below"
}

in_scratch(exposure) if {
	some related in exposure.related
	related.guard == "scratch"
}

shown(path) if {
	some group in ["workspace", "read_only", "read_write"]
	some around in input.surface[group]
	startswith(concat("", [path, "/"]), concat("", [around.resource, "/"]))
}

own_ipc := {"sysv-shm", "sysv-sem", "sysv-msg", "posix-mq", "memfd-exec"}

# The mode is octal 0700.
own_directory := {"directory": true, "owned_by_caller": true, "mode": 448, "locked": true}

# Without a limit there is null, which engines rank differently.
limited(limit) if { is_number(limit); limit > 0 }

contained(exposure) if {
	exposure.options.nosuid == true
	exposure.options.nodev == true
}

never_executed(exposure) if {
	exposure.access.execute == false
	exposure.options.noexec == true
}

# Where a scratch can be: any path but those that hold the box itself together.
place(path) if path == "/run/denybox/scratch"

place(path) if {
	startswith(path, "/")
	not path in {"/", "/dev", "/run"}
	not startswith(concat("", [path, "/"]), "/proc/")
	not startswith(concat("", [path, "/"]), "/sys/")
	not startswith(concat("", [path, "/"]), "/run/denybox/")
}

# All memory that is granted together stays within a quarter of what there is.
within_budget if granted * 4 <= input.host.memory_bytes

granted := sum([bytes(exposure) |
	some exposure in input.surface.scratch
	exposure.backing.kind in {"private", "shared"}
	startswith(exposure.resource, "/")
])

# What has no size is refused for that; it counts for nothing here.
bytes(exposure) := exposure.limits.size if is_number(exposure.limits.size)

else := 0

# What must be done along with what a rule allows.
obligations := {
	"reported-socket": ["report"],
	"own-directory": ["report", "report-unenforced-size"],
	"host-scratch": ["report"],
	"shared-scratch": ["report"],
	"break-glass": ["report", "alert"],
}
