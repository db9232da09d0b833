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
	local.visible("a")
	local.visible(" 7 ")
	local.visible("ж")
	local.visible("並")
	not local.visible("")
	not local.visible(" .")
	not local.visible("ㅤᅟ")
}

test_what_needs_a_reason if {
	local.reasoned_place({"role": "scratch", "backing": {"kind": "dir"}})
	local.reasoned_place({"role": "read-only", "backing": {"kind": "host"}, "related": [{"guard": "scratch"}]})
	not local.reasoned_place({"role": "read-only", "backing": {"kind": "host"}, "related": []})
	not local.reasoned_place({"role": "scratch", "backing": {"kind": "host"}})
}

test_with_reason if local.with_reason("--scratch 64M") == "--scratch 64M --because 'why it is needed'"
