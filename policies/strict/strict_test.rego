# Tests of what the strict policy asks of signatures.
package denybox.strict_test

import data.denybox.strict

alice := {"person": "alice", "roles": ["requester"], "covers": [true]}

bob := {"person": "bob", "roles": ["approver"], "covers": [true]}

carol := {"person": "carol", "roles": ["break-glass"], "covers": [true]}

presented := {
	"source": "j.json",
	"id": "build-7",
	"signatures": [alice, bob],
	"signers_required": 2,
	"requested_by": "alice",
	"approved_by": ["bob"],
	"not_before": 1000,
	"not_after": 5000,
	"break_glass": false,
	"grants": [{"resource": "/tmp"}],
}

with_fields(fields) := object.union(presented, fields)

codes(justification) := {code |
	question := {"justifications": [justification]}
	some [0, code] in objections(question)
}

objections(question) := found if {
	found := strict.against with input as question
}

test_two_people if {
	codes(presented) == set()
	codes(with_fields({"signatures": [alice]})) == {"too-few-signers"}
	# The same person twice is one.
	codes(with_fields({"signatures": [alice, alice]})) == {"too-few-signers"}
	codes(with_fields({"approved_by": ["alice", "bob"]})) == {"requester-approves"}
	codes(with_fields({"signers_required": 3})) == {"too-few-signers"}
}

test_lifetimes if {
	codes(with_fields({"not_after": 7777000})) == set()
	codes(with_fields({"not_after": 7777001})) == {"lifetime-too-long"}
	codes(with_fields({"not_after": 1000})) == {"no-lifetime"}
	codes(with_fields({"break_glass": true, "not_after": 15400})) == set()
	codes(with_fields({"break_glass": true, "not_after": 15401})) == {"lifetime-too-long"}
}

test_roles if {
	strict.requests(alice, presented)
	not strict.requests(bob, presented)
	not strict.requests(object.union(alice, {"roles": ["approver"]}), presented)
	strict.approves(bob, presented)
	not strict.approves(alice, presented)
	not strict.approves(object.union(bob, {"person": "dora"}), presented)
	not strict.approves(carol, presented)
	strict.approves(carol, with_fields({"break_glass": true}))
	strict.requests(carol, with_fields({"break_glass": true}))
}

test_in_scope if {
	question := {"surface": {"scratch": [{"index": 0, "resource": "/tmp"}]}}
	strict.in_scope(presented, 0) with input as question
	narrow := object.union(bob, {"covers": [false]})
	elsewhere := with_fields({"signatures": [alice, narrow]})
	not strict.in_scope(elsewhere, 0) with input as question
	not strict.in_scope(presented, 1) with input as question
}

test_what_is_shared_takes_two if {
	emergency := with_fields({"break_glass": true, "signatures": [carol]})
	strict.needs_two("host-scratch", emergency)
	strict.needs_two("shared-scratch", emergency)
	not strict.needs_two("private-scratch", emergency)
	not strict.needs_two("host-scratch", presented)
}

test_what_would_mend_it if {
	exposure := {"resource": "/tmp", "role": "scratch", "backing": {"kind": "private"}, "limits": {"size": 1025}, "access": {"execute": true}}
	strict.mending("unsigned", exposure, presented) == "denybox justification sign j.json --key KEY"
	strict.mending("bad-signature", exposure, presented) == null
	startswith(strict.mending("expired", exposure, presented), "denybox justification new --grant /tmp=private,size=2K,exec --because")
	strict.size({"limits": {"size": null}}) == "64M"
}
