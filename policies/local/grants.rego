# What an agent can be granted: memory, a kind of IPC, or a directory of its own.
package denybox.local

# Memory of the agent's own, for a reason: sized, and executable only where that was asked for.
allow["private-scratch"] contains i if {
	some i, exposure in of.private.scratch
	grantable(exposure.resource)
	exposure.sharing["with"] == "private"
	exposure.limits.size > 0
	exposure.access.execute != exposure.options.noexec
	contained(exposure)
	within_budget
	justified
}

# A kind of IPC within a namespace of the agent's own, for a reason.
allow["private-ipc"] contains i if {
	some i, exposure in of.private.scratch
	exposure.resource in own_ipc
	exposure.sharing["with"] == "private"
	within_budget
	justified
}

own_ipc := {"sysv-shm", "sysv-sem", "sysv-msg", "posix-mq", "memfd-exec"}

# A directory of the agent's own, for a reason: the caller's, closed to others, never executed from.
allow["own-directory"] contains i if {
	some i, exposure in of.dir.scratch
	grantable(exposure.resource)
	exposure.directory == own_directory
	exposure.access.execute == false
	exposure.options.noexec == true
	contained(exposure)
	not guarded(exposure)
	not in_scratch(exposure)
	justified
}

# The mode is octal 0700.
own_directory := {"directory": true, "owned_by_caller": true, "mode": 448, "locked": true}

contained(exposure) if {
	exposure.options.nosuid == true
	exposure.options.nodev == true
}

# Any path but those that hold the box itself together.
grantable(path) if path == "/run/denybox/scratch"

grantable(path) if {
	startswith(path, "/")
	not path in {"/", "/dev", "/run"}
	not startswith(concat("", [path, "/"]), "/proc/")
	not startswith(concat("", [path, "/"]), "/sys/")
	not startswith(concat("", [path, "/"]), "/run/denybox/")
}

# All memory that is granted together stays within a quarter of what there is.
within_budget if granted * 4 <= input.host.memory_bytes

granted := sum([exposure.limits.size | some exposure in of.private.scratch; is_number(exposure.limits.size)])
