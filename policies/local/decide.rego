# The policy of a developer's own machine: whoever starts a box may give its agent scratch of its own, and says why. A
# justification is as good as `--because`, signed or not; it opens no more than that.
package denybox.local

import data.denybox.base.grantable
import data.denybox.base.obligations
import data.denybox.base.usual
import data.denybox.justification.holding

answer := {"allow": (usual | granted), "deny": [], "obligations": obligations}

granted contains [i, name, null] if {
	justified
	some i, name in grantable
	name in own
}

granted contains [i, name, j] if {
	some [i, j, _] in holding
	name = grantable[i]
	name in own
}

# What a reason can open here. The host's own and what others share take a policy with signatures.
own := {"private-scratch", "private-ipc", "own-directory", "shown-read-only", "shown-read-write"}

# A reason has a letter or a digit in it. A letter that has a case is the usual case, and is found without looking at each
# character.
justified if {
	some text in input.reasons
	lower(text) != upper(text)
}

justified if {
	some text in input.reasons
	some character in split(substring(text, 0, 200), "")
	some [first, last] in scripts
	first <= character
	character <= last
}

# Digits, and other scripts without blanks and signs that nobody can see: general punctuation, the Hangul fillers, private
# use. Written out, because engines differ over escapes and over what a regular expression takes for a character.
scripts := [
	["0", "9"], # U+0030 to U+0039
	["À", "ᅞ"], # U+00C0 to U+115E
	["ᅡ", "ឳ"], # U+1161 to U+17B3
	["ា", "῾"], # U+17B6 to U+1FFE
	["Ⰰ", "⿻"], # U+2C00 to U+2FFB
	["々", "ㅣ"], # U+3005 to U+3163
	["ㅥ", "ퟻ"], # U+3165 to U+D7FB
	["豈", "﷿"], # U+F900 to U+FDFF
	["０", "ﾟ"], # U+FF10 to U+FF9F
	["𐀀", "𲎯"], # U+10000 to U+323AF
]
