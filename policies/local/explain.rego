# Why the local policy refused.
package denybox.local

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
	some i, exposure in exposures
	some [code, text, remedy] in lacking(i, exposure)
	message := sprintf("%s: %s", [exposure.resource, text])
}

explained contains {"index": i, "rule": base.rule(exposure), "code": code, "message": message, "remedy": null} if {
	not justified
	some [i, j] in covering
	some [k, code] in objections
	k == j
	exposure := exposures[i]
	message := sprintf("%s: %s", [exposure.resource, justification.told(code, input.justifications[j])])
}

# What an exposure lacks under this policy.
lacking(i, exposure) := [["host-needs-signed-justification", text, remedy]] if {
	exposure.role == "scratch"
	exposure.backing.kind in {"host", "shared"}
	startswith(exposure.resource, "/")
	text := "to share it with others takes a signed justification and --policy strict; one of the agent's own doesn't"
	remedy := with_reason(base.own(exposure, "64M", ""))
} else := [["needs-reason", "nobody said why it is needed", "--because 'why it is needed'"]] if {
	exposure.role in {"scratch", "read-only", "read-write"}
	reasoned_place(exposure)
	not justified
	not covered(i)
} else := []

covered(i) if {
	some [k, _] in covering
	k == i
}

reasoned_place(exposure) if {
	exposure.role == "scratch"
	exposure.backing.kind in {"private", "dir"}
}

reasoned_place(exposure) if {
	exposure.role != "scratch"
	exposure.backing.kind == "host"
	base.in_scratch(exposure)
}

with_reason(option) := concat(" ", [option, "--because 'why it is needed'"])
