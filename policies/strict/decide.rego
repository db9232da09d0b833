# The policy of an organisation: nothing of shared scratch without a justification that two people signed, for a time
# that is still remembered. `--because` opens nothing.
package denybox.strict

import data.denybox.base.grantable
import data.denybox.base.obligations
import data.denybox.base.usual
import data.denybox.justification.holding

answer := {"allow": (usual | granted), "deny": [], "obligations": obligations}

granted contains [i, name, j] if {
	some [i, j, g] in holding
	presented := input.justifications[j]
	presented.not_before < presented.not_after
	not presented.requested_by in presented.approved_by
	name = opened(grantable[i], presented, g)
}

# Who asked and who approved both signed, and signed for the resource. 90 days are the longest, in seconds.
opened(name, presented, g) := name if {
	presented.break_glass == false
	presented.not_after - presented.not_before <= 7776000
	count({signer.person | some signer in presented.signatures}) >= presented.signers_required
	signed(presented, g, "requester", [presented.requested_by])
	signed(presented, g, "approver", presented.approved_by)
} else := "break-glass" if {
	# In an emergency one person can do for two, for 4 hours at most, but what is the host's or other agents' stays closed.
	presented.break_glass == true
	presented.not_after - presented.not_before <= 14400
	requested_for(presented, g)
	approved_for(presented, g)
	not needs_two(name, presented)
}

# One of the people signed, with a key that has the role and is good for the grant.
signed(presented, g, role, people) if {
	some signer in presented.signatures
	signer.person in people
	role in signer.roles
	signer.covers[g] == true
}

requested_for(presented, g) if signed(presented, g, "requester", [presented.requested_by])

requested_for(presented, g) if glass_broken(presented, g)

approved_for(presented, g) if signed(presented, g, "approver", presented.approved_by)

approved_for(presented, g) if glass_broken(presented, g)

glass_broken(presented, g) if {
	some signer in presented.signatures
	"break-glass" in signer.roles
	signer.covers[g] == true
}

needs_two(name, presented) if {
	name in {"host-scratch", "shared-scratch"}
	not approved_by_another(presented)
}

approved_by_another(presented) if {
	some signer in presented.signatures
	"approver" in signer.roles
	signer.person in presented.approved_by
	some other in presented.signatures
	other.person == presented.requested_by
}
