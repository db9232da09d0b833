# Why the strict policy refused.
package denybox.strict

import data.denybox.base
import data.denybox.base.exposures
import data.denybox.base.shape
import data.denybox.justification
import data.denybox.justification.against as objections
import data.denybox.justification.covering

explained contains {"index": i, "rule": base.rule(exposure), "code": code, "message": message, "remedy": remedy} if {
	some [i, code] in shape
	exposure := exposures[i]
	some [text, remedy] in base.words(code, exposure)
	message := sprintf("%s: %s", [exposure.resource, text])
}

explained contains {"index": i, "rule": base.rule(exposure), "code": code, "message": message, "remedy": remedy} if {
	some [i, j] in covering
	exposure := exposures[i]
	presented := input.justifications[j]
	some code in flaws(j, exposure)
	message := sprintf("%s: %s", [exposure.resource, justification.told(code, presented)])
	remedy := mending(code, exposure, presented)
}

explained contains {"index": i, "rule": base.rule(exposure), "code": code, "message": message, "remedy": remedy} if {
	some i, exposure in exposures
	justifiable(exposure)
	not covered(i)
	[code, text] := uncovered(exposure)
	message := sprintf("%s: %s", [exposure.resource, text])
	remedy := manifest(exposure)
}

covered(i) if {
	some [k, _] in covering
	k == i
}

# Something that a justification can be written for.
justifiable(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind in {"private", "dir"}
}

justifiable(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind in {"host", "shared"}
	startswith(exposure.resource, "/")
}

justifiable(exposure) if {
	exposure.role in {"read-only", "read-write"}
	exposure.backing.kind == "host"
	base.in_scratch(exposure)
}

uncovered(exposure) := ["exceeds-justification", "a justification names it, but grants less than this"] if {
	some presented in input.justifications
	some grant in presented.grants
	grant.resource == exposure.resource
} else := ["needs-signed-justification", "needs a justification that two people signed"]

flaws(j, exposure) := found if {
	found := {code | some [k, code] in (objections | against | lacking); k == j}
	count(found) > 0
} else := {"out-of-scope"} if {
	not in_scope(input.justifications[j], exposure.index)
} else := {"needs-two-people"} if {
	needs_two(base.rule(exposure), input.justifications[j])
} else := set()

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

# Signatures that are not there. That they are needed follows from `in_scope`.
lacking contains [j, "unsigned"] if {
	some j, presented in input.justifications
	count(presented.signatures) == 0
}

lacking contains [j, "not-signed-by-requester"] if {
	some j, presented in input.justifications
	not requested(presented)
}

lacking contains [j, "not-approved"] if {
	some j, presented in input.justifications
	not approved(presented)
}

requested(presented) if {
	some signer in presented.signatures
	requests(signer, presented)
}

approved(presented) if {
	some signer in presented.signatures
	approves(signer, presented)
}

# What would mend a justification.
mending(code, exposure, presented) := sprintf("denybox justification sign %s --key KEY", [base.quoted(presented.source)]) if {
	code in {"unsigned", "not-signed-by-requester", "not-approved", "too-few-signers", "needs-two-people"}
} else := null if {
	code in {"not-yet-valid", "wrong-audience", "bad-signature"}
} else := manifest(exposure)

# The command that writes an acceptable manifest, to be signed.
manifest(exposure) := sprintf(
	"denybox justification new %s --because 'why it is needed' --requested-by WHO --approved-by WHO --output justification.yaml",
	[asked(exposure)],
)

asked(exposure) := base.own(exposure, size(exposure), executed(exposure)) if {
	exposure.backing.kind == "private"
} else := sprintf("--grant %s", [base.quoted(sprintf("%s=dir:%s", [exposure.resource, exposure.backing.path]))]) if {
	exposure.backing.kind == "dir"
} else := sprintf("--grant %s", [base.quoted(sprintf("%s=shared:%s", [exposure.resource, exposure.backing.group]))]) if {
	exposure.backing.kind == "shared"
} else := sprintf("--grant %s", [base.quoted(concat("", [exposure.resource, "=", exposure.backing.kind, executed(exposure)]))])

size(exposure) := sprintf("%dK", [ceil(exposure.limits.size / 1024)]) if {
	is_number(exposure.limits.size)
} else := "64M"

executed(exposure) := ",exec" if {
	exposure.access.execute == true
} else := ""
