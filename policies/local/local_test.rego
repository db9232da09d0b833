# Tests of the local policy, in Rego. What it decides as a whole is in cases.json.
package denybox.local_test

import data.denybox.local

test_justified if {
	local.justified with input as {"reasons": ["it spills"]}
	local.justified with input as {"reasons": ["...", "7"]}
	not local.justified with input as {"reasons": []}
	not local.justified with input as {"reasons": ["", " .", "ㅤᅟ"]}
	not local.justified with input as {}
}

test_visible if {
	visible := [text |
		some text in ["a", " 7 ", "ж", "並", "", " .", "ㅤᅟ"]
		question := {"reasons": [text]}
		justified := local.justified with input as question
		justified == true
	]
	visible == ["a", " 7 ", "ж", "並"]
}

test_what_needs_a_reason if {
	local.reasoned_place({"role": "scratch", "backing": {"kind": "dir"}})
	local.reasoned_place({"role": "read-only", "backing": {"kind": "host"}, "related": [{"guard": "scratch"}]})
	not local.reasoned_place({"role": "read-only", "backing": {"kind": "host"}, "related": []})
	not local.reasoned_place({"role": "scratch", "backing": {"kind": "host"}})
}

test_with_reason if local.with_reason("--scratch 64M") == "--scratch 64M --because 'why it is needed'"
