# The policy of a developer's own machine: whoever starts a box may give its agent scratch of its own, and says why. A
# justification is as good as `--because`, signed or not; it opens no more than that.
package denybox.local

import data.denybox.base.grantable
import data.denybox.base.obligations
import data.denybox.base.usual
import data.denybox.justification.covering
import data.denybox.justification.flawed as void

answer := {"allow": usual | granted, "deny": [], "obligations": obligations}

granted contains [i, name, null] if {
	some [i, name] in grantable
	name in own
	justified
}

granted contains [i, name, j] if {
	some [i, name] in grantable
	name in own
	some [k, j] in covering
	k == i
	not j in void
}

# What a reason can open here. The host's own and what others share take a policy with signatures.
own := {"private-scratch", "private-ipc", "own-directory", "shown-read-only", "shown-read-write"}

# A reason has a letter or a digit in it.
justified if {
	some text in input.reasons
	visible(text)
}

# A letter that has a case is the usual case, and costs no regular expression.
visible(text) if lower(text) != upper(text)

# Digits, and other scripts without blanks and signs that nobody can see: general punctuation, the Hangul fillers,
# private use. Ranges, because classes such as \pL need tables that the engine is built without.
else if regex.match(digit_or_script, text)

digit_or_script := `[0-9\x{c0}-\x{115e}\x{1161}-\x{17b3}\x{17b6}-\x{1fff}\x{2c00}-\x{2fff}\x{3005}-\x{3163}\x{3165}-\x{d7ff}\x{f900}-\x{fdff}\x{ff10}-\x{ff9f}\x{10000}-\x{dffff}]`
