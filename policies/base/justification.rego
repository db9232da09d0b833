# Which of the justifications that were presented hold, and what they cover. Signatures were checked before: a signer in
# `signatures` did sign exactly this, with a key that the trust file names and that was valid.
package denybox.justification

# Which justifications hold under every policy, and what they cover: the indices of an exposure, a justification, and its
# grant.
holding contains [exposure.index, j, g] if {
	some j, presented in input.justifications
	holds(presented)
	some g, grant in presented.grants
	some group in ["scratch", "read_only", "read_write"]
	some exposure in input.surface[group]
	grant.resource == exposure.resource
	covers(grant, exposure)
}

holds(presented) if {
	presented.revoked == false
	presented.audience in {"everyone", "here"}
	presented.subject in {"everyone", "here"}
	presented.not_before <= input.time + presented.skew_seconds
	input.time < presented.not_after + presented.skew_seconds
	left(presented.uses)
	amiss := [rejected.code | some rejected in presented.rejected; not rejected.code in idle]
	amiss == []
}

left(uses) if uses.max == null

left(uses) if { uses.max != null; uses.spent < uses.max }

# A signature too many, or by a key that nobody here knows or that isn't in force, says nothing. One that is wrong says that
# something is.
idle := {"unknown-key", "key-expired", "key-not-yet-valid", "no-role", "duplicate-key", "duplicate-person"}

# A grant covers what gives no more than it says: false is less than true.
covers(grant, exposure) if {
	object.remove(exposure.backing, ["certainty"]) == grant.backing
	exposure.access.read <= grant.access.read
	exposure.access.write <= grant.access.write
	exposure.access.execute <= grant.access.execute
	grant.options.readonly <= exposure.options.readonly
	grant.options.noexec <= exposure.options.noexec
	grant.options.nosuid <= exposure.options.nosuid
	grant.options.nodev <= exposure.options.nodev
	within(exposure.limits.size, grant.limits.size)
	within(exposure.limits.inodes, grant.limits.inodes)
}

# Where the grant has no limit, anything is within it. Where there is none there is null, which engines rank differently.
within(_, limit) if limit == null

within(asked, limit) if { asked != null; asked <= limit }
