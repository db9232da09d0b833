# Why a justification doesn't hold: codes for programs, words for people. It is asked only when something is refused, and
# can't change that.
package denybox.justification

# What speaks against a justification under every policy: its index in `input.justifications` and a code.
against contains [j, "revoked"] if {
	some j, presented in input.justifications
	not presented.revoked == false
}

against contains [j, "wrong-audience"] if {
	some j, presented in input.justifications
	not presented.audience in {"everyone", "here"}
}

against contains [j, "wrong-subject"] if {
	some j, presented in input.justifications
	not presented.subject in {"everyone", "here"}
}

against contains [j, "not-yet-valid"] if {
	some j, presented in input.justifications
	not presented.not_before <= input.time + presented.skew_seconds
}

against contains [j, "expired"] if {
	some j, presented in input.justifications
	not input.time < presented.not_after + presented.skew_seconds
}

against contains [j, "used-up"] if {
	some j, presented in input.justifications
	is_number(presented.uses.max)
	not presented.uses.spent < presented.uses.max
}

against contains [j, "bad-signature"] if {
	some j, presented in input.justifications
	some rejected in presented.rejected
	not rejected.code in idle
}

# Which justifications cover an exposure, whether they hold or not: the index of the exposure, and of the justification.
covering contains [exposure.index, j] if {
	some j, presented in input.justifications
	some group in ["scratch", "read_only", "read_write"]
	some exposure in input.surface[group]
	some grant in presented.grants
	grant.resource == exposure.resource
	covers(grant, exposure)
}

# What a code means, for people.
told(code, presented) := sprintf("the justification %s (%s) %s", [presented.id, presented.source, clause(code, presented)])

clause(code, presented) := sprintf("expired %s ago", [lasting(input.time - presented.not_after)]) if {
	code == "expired"
} else := sprintf("is not valid for another %s", [lasting(presented.not_before - input.time)]) if {
	code == "not-yet-valid"
} else := sprintf("was used %d times already, of %d", [presented.uses.spent, presented.uses.max]) if {
	code == "used-up"
} else := sprintf("has a signature that is wrong: %s", [concat("; ", {rejected.message |
	some rejected in presented.rejected
	not rejected.code in idle
})]) if {
	code == "bad-signature"
} else := sprintf("asks for %s; %s is the longest", [lasting(presented.not_after - presented.not_before), longest]) if {
	code == "lifetime-too-long"
	longest := longest_told(presented)
} else := sprintf("was signed by %d of the %d people that the trust file wants", [
	count({signer.person | some signer in presented.signatures}),
	presented.signers_required,
]) if {
	code == "too-few-signers"
} else := sprintf("was not signed by %s, who asks for it, with a key that may request", [presented.requested_by]) if {
	code == "not-signed-by-requester"
} else := clauses[code]

longest_told(presented) := "4 hours for break-glass" if {
	presented.break_glass == true
} else := "90 days"

clauses := {
	"revoked": "was revoked",
	"wrong-audience": "is for other hosts or clusters than this one",
	"wrong-subject": "is for another agent, image or executable than this one",
	"unsigned": "has no signature by a key that is trusted here",
	"not-approved": "was not signed by anybody among its approvers, with a key that may approve",
	"requester-approves": "names who asks for it among those who approve it",
	"no-lifetime": "ends before it begins",
	"out-of-scope": "was signed with keys that are not good for this resource",
	"needs-two-people": "is break-glass by one person; what is shared or the host's takes two",
}

# A span of time, in the largest unit that fits.
lasting(seconds) := sprintf("%d days", [floor(seconds / 86400)]) if {
	seconds >= 172800
} else := sprintf("%d hours", [floor(seconds / 3600)]) if {
	seconds >= 7200
} else := sprintf("%d minutes", [floor(seconds / 60)]) if {
	seconds >= 120
} else := sprintf("%d seconds", [seconds])
