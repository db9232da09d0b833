# The policy of `denybox run`: no shared scratch without a reason.
#
# `allow` names, for each rule, the exposures that it allows, by their index. Whatever no rule allows is refused: also
# where something is missing from the input, for then a condition can't hold. This is what every box has; the rules for
# grants are in grants.rego, which is read only where there are some, and why something was refused is worked out by
# explain.rego, which is read only when something was. Without them, nothing more is allowed.
package denybox.local

answer := {
	"allow": allow,
	"deny": [],
	"obligations": {"reported-socket": ["report"], "own-directory": ["report", "report-unenforced-size"]},
}

# The exposures by their backing and their role. Of a backing that is not known, the worst counts.
of[exposure.backing.value.kind][exposure.role][i] := exposure if some i, exposure in input.surface.exposures

of[exposure.backing.worst.kind][exposure.role][i] := exposure if some i, exposure in input.surface.exposures

# Nothing is there, or nothing but a denial.
allow["nothing-there"] contains i if {
	some kind in ["absent", "sealed"]
	some group in of[kind]
	some i, exposure in group
	exposure.access.write == false
}

allow["system-read-only"] contains i if {
	some kind in ["host", "private", "rootfs"]
	some role in ["system", "toolchain"]
	some i, exposure in of[kind][role]
	exposure.access.write == false
	exposure.options.readonly == true
}

allow["own-home"] contains i if {
	some i, exposure in of.private.home
	exposure.sharing["with"] == "private"
	exposure.limits.size > 0
}

# A workspace below shared scratch works: nothing beside it is shown.
allow.workspace contains i if {
	some i, exposure in of.host.workspace
	not guarded(exposure)
}

# What else lies in shared scratch is other people's business too: showing it needs a reason.
allow["shown-read-only"] contains i if {
	some i, exposure in of.host["read-only"]
	exposure.access.write == false
	exposure.options.readonly == true
	not guarded(exposure)
	not unjustified_in_scratch(exposure)
}

allow["shown-read-write"] contains i if {
	some i, exposure in of.host["read-write"]
	not guarded(exposure)
	not unjustified_in_scratch(exposure)
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

unjustified_in_scratch(exposure) if {
	not justified
	in_scratch(exposure)
}

# A socket is reached through what is shown around it.
allow["reported-socket"] contains i if {
	some i, socket in of.host.socket
	shown(socket.resource)
}

shown(path) if {
	some role in ["workspace", "read-only", "read-write"]
	some place in of.host[role]
	startswith(concat("", [path, "/"]), concat("", [place.resource, "/"]))
}

allow["host-network"] contains i if {
	some i, _ in of.host.network
	input.host.abstract_socket_scope == true
}

# A reason has a letter or a digit in it.
justified if {
	some text in input.reasons
	visible(text)
}

visible(text) if regex.match("[A-Za-z0-9]", text)

# Other scripts, without blanks and signs that nobody can see: general punctuation, the Hangul fillers, private use.
# Ranges, because classes such as \pL need tables that the engine is built without.
else if regex.match(other_scripts, text)

other_scripts := `[\x{c0}-\x{115e}\x{1161}-\x{17b3}\x{17b6}-\x{1fff}\x{2c00}-\x{2fff}\x{3005}-\x{3163}\x{3165}-\x{d7ff}\x{f900}-\x{fdff}\x{ff10}-\x{ff9f}\x{10000}-\x{dffff}]`
