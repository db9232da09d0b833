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
	# Without a limit there is null, which engines rank differently.
	exposure.limits.size != null; exposure.limits.size > 0
}

# A workspace below shared scratch works: nothing beside it is shown. Shared scratch itself, `/` and the caller's home are
# nobody's to show, by whatever name.
usual contains [exposure.index, "workspace", null] if {
	some exposure in input.surface.workspace
	exposure.backing.kind == "host"
	exposure.stands != "guarded"
}

usual contains [exposure.index, "shown-read-only", null] if {
	some exposure in input.surface.read_only
	exposure.stands == "apart"
	exposure.backing.kind == "host"
	exposure.access.write == false
	exposure.options.readonly == true
}

usual contains [exposure.index, "shown-read-write", null] if {
	some exposure in input.surface.read_write
	exposure.stands == "apart"
	exposure.backing.kind == "host"
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

# What an agent may have for whom it is justified: by an exposure's index, the rule that would allow it.
grantable[exposure.index] := name if {
	some exposure in input.surface.scratch
	name = own_or_shared(exposure)
}

# Memory of the agent's own: sized, and executable only where that was asked for.
own_or_shared(exposure) := "private-scratch" if {
	exposure.backing.kind == "private"
	exposure.sharing["with"] == "private"
	exposure.limits.size != null; exposure.limits.size > 0
	exposure.access.execute != exposure.options.noexec
	exposure.options.nosuid == true
	exposure.options.nodev == true
	place(exposure.resource)
	granted * 4 <= input.host.memory_bytes
} else := "private-ipc" if {
	# A kind of IPC within a namespace of the agent's own.
	exposure.backing.kind == "private"
	exposure.sharing["with"] == "private"
	exposure.resource in own_ipc
} else := "own-directory" if {
	# A directory of the agent's own: the caller's, closed to others, never executed from.
	exposure.backing.kind == "dir"
	exposure.stands == "apart"
	exposure.directory == own_directory
	contained(exposure)
	never_executed(exposure)
	place(exposure.resource)
} else := "host-scratch" if {
	# The host's own shared scratch, under its own name.
	exposure.backing.kind == "host"
	exposure.backing.path == exposure.resource
	contained(exposure)
	never_executed(exposure)
	place(exposure.resource)
} else := "shared-scratch" if {
	# One scratch for a group of agents that are named.
	exposure.backing.kind == "shared"
	exposure.sharing["with"] == "named"
	exposure.limits.size != null; exposure.limits.size > 0
	contained(exposure)
	never_executed(exposure)
	place(exposure.resource)
	granted * 4 <= input.host.memory_bytes
}

# What lies in shared scratch is other people's business too.
grantable[exposure.index] := "shown-read-only" if {
	some exposure in input.surface.read_only
	exposure.stands == "in-scratch"
	exposure.backing.kind == "host"
	exposure.access.write == false
	exposure.options.readonly == true
}

grantable[exposure.index] := "shown-read-write" if {
	some exposure in input.surface.read_write
	exposure.stands == "in-scratch"
	exposure.backing.kind == "host"
}

shown(path) if {
	some group in ["workspace", "read_only", "read_write"]
	some around in input.surface[group]
	startswith(concat("", [path, "/"]), concat("", [around.resource, "/"]))
}

own_ipc := {"sysv-shm", "sysv-sem", "sysv-msg", "posix-mq", "memfd-exec"}

# The mode is octal 0700.
own_directory := {"directory": true, "owned_by_caller": true, "mode": 448, "locked": true}

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
	not path in {"/", "/dev", "/proc", "/run", "/run/denybox", "/sys"}
	not startswith(path, "/proc/")
	not startswith(path, "/sys/")
	not startswith(path, "/run/denybox/")
}

# All memory that is granted together, in bytes: it stays within a quarter of what there is. What has no size is refused for
# that, and counts for nothing here.
granted := sum([exposure.limits.size |
	some exposure in input.surface.scratch
	exposure.backing.kind in {"private", "shared"}
	startswith(exposure.resource, "/"); exposure.limits.size != null
])

# What must be done along with what a rule allows.
obligations := {
	"reported-socket": ["report"],
	"own-directory": ["report", "report-unenforced-size"],
	"host-scratch": ["report"],
	"shared-scratch": ["report"],
	"break-glass": ["report", "alert"],
}
