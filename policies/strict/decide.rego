# The policy of an organisation: nothing of shared scratch without a justification that two people signed, for a time
# that is still remembered. `--because` opens nothing.
package denybox.strict

import data.denybox.base.grantable
import data.denybox.base.obligations
import data.denybox.base.usual
import data.denybox.justification.covering
import data.denybox.justification.flawed as void

answer := {"allow": (usual | granted), "deny": [], "obligations": obligations}

granted contains [i, name, j] if {
	some [i, name] in grantable
	some [k, j] in holding
	k == i
	input.justifications[j].break_glass == false
}

# In an emergency one person can do for two, but what is the host's or other agents' stays closed.
granted contains [i, "break-glass", j] if {
	some [i, name] in grantable
	some [k, j] in holding
	k == i
	input.justifications[j].break_glass == true
	not needs_two(name, input.justifications[j])
}

# The justifications that cover an exposure, hold, and were signed for it.
holding contains [i, j] if {
	some [i, j] in covering
	not j in void
	not j in flawed
	in_scope(input.justifications[j], i)
}

needs_two(name, presented) if {
	name in {"host-scratch", "shared-scratch"}
	not approved_by_another(presented)
}

flawed contains j if some [j, _] in against

# What speaks against a justification under this policy: its index and a code.
against contains [j, "requester-approves"] if {
	some j, presented in input.justifications
	presented.requested_by in presented.approved_by
}

against contains [j, "too-few-signers"] if {
	some j, presented in input.justifications
	not presented.break_glass == true
	not count(people(presented)) >= presented.signers_required
}

against contains [j, "lifetime-too-long"] if {
	some j, presented in input.justifications
	not lifetime(presented) <= longest(presented)
}

against contains [j, "no-lifetime"] if {
	some j, presented in input.justifications
	not lifetime(presented) > 0
}

people(presented) := {signer.person | some signer in presented.signatures}

lifetime(presented) := presented.not_after - presented.not_before

# 90 days; of break-glass, 4 hours. In seconds.
longest(presented) := 14400 if {
	presented.break_glass == true
} else := 7776000

requests(signer, presented) if {
	signer.person == presented.requested_by
	"requester" in signer.roles
}

requests(signer, presented) if breaks_glass(signer, presented)

# Who asks is not among those who approve: that was looked at above.
approves(signer, presented) if {
	"approver" in signer.roles
	signer.person in presented.approved_by
}

approves(signer, presented) if breaks_glass(signer, presented)

breaks_glass(signer, presented) if {
	presented.break_glass == true
	"break-glass" in signer.roles
}

approved_by_another(presented) if {
	some signer in presented.signatures
	"approver" in signer.roles
	signer.person in presented.approved_by
	some other in presented.signatures
	other.person == presented.requested_by
}

# Both who asked and who approved signed with keys that are good for the resource of the grant that covers.
in_scope(presented, i) if {
	some g, grant in presented.grants
	some group in ["scratch", "read_only", "read_write"]
	some exposure in input.surface[group]
	exposure.index == i
	grant.resource == exposure.resource
	some one in presented.signatures
	requests(one, presented)
	one.covers[g] == true
	some other in presented.signatures
	approves(other, presented)
	other.covers[g] == true
}
