# Tests of what is asked of every justification.
package denybox.justification_test

import data.denybox.justification

# One that holds at 1000 and is good for a private /tmp.
presented := {
	"source": "j.json",
	"id": "build-7",
	"signatures": [{"person": "alice"}],
	"rejected": [],
	"signers_required": 2,
	"skew_seconds": 60,
	"audience": "everyone",
	"subject": "here",
	"revoked": false,
	"uses": {"max": 2, "spent": 1},
	"grants": [{
		"resource": "/tmp",
		"access": {"read": true, "write": true, "execute": false},
		"backing": {"kind": "private"},
		"limits": {"size": 1024, "inodes": null},
		"options": {"readonly": false, "noexec": true, "nosuid": true, "nodev": true},
	}],
	"requested_by": "alice",
	"not_before": 900,
	"not_after": 2000,
	"break_glass": false,
}

exposure := {
	"index": 3,
	"resource": "/tmp",
	"access": {"read": true, "write": true, "execute": false},
	"backing": {"certainty": "known", "kind": "private"},
	"options": {"readonly": false, "noexec": true, "nosuid": true, "nodev": true},
	"limits": {"size": 1024, "inodes": null},
}

asked(justification_, time) := {
	"justifications": [justification_],
	"time": time,
	"surface": {"scratch": [exposure]},
}

with_field(name, value) := object.union(presented, {name: value})

# What speaks against it. Nothing does exactly if it holds.
codes(justification_, time) := found if {
	question := asked(justification_, time)
	found := {code | some [0, code] in objections(question)}
	holding := held(question)
	(count(found) == 0) == (count(holding) == 1)
}

held(question) := found if {
	found := justification.holding with input as question
}

objections(question) := found if {
	found := justification.against with input as question
}

test_one_that_holds if {
	codes(presented, 1000) == set()
	question := asked(presented, 1000)
	justification.covering == {[3, 0]} with input as question
	justification.holding == {[3, 0, 0]} with input as question
}

# At the edges the clocks may differ by the skew, and no second more.
test_time if {
	codes(presented, 839) == {"not-yet-valid"}
	codes(presented, 840) == set()
	codes(presented, 2059) == set()
	codes(presented, 2060) == {"expired"}
}

test_what_speaks_against_it if {
	codes(with_field("revoked", true), 1000) == {"revoked"}
	codes(with_field("audience", "elsewhere"), 1000) == {"wrong-audience"}
	codes(with_field("subject", "elsewhere"), 1000) == {"wrong-subject"}
	codes(with_field("uses", {"max": 2, "spent": 2}), 1000) == {"used-up"}
	codes(with_field("uses", {"max": null, "spent": 9}), 1000) == set()
	codes(with_field("rejected", [{"code": "wrong-signature", "message": "no"}]), 1000) == {"bad-signature"}
	codes(with_field("rejected", [{"code": "unknown-key", "message": "who"}]), 1000) == set()
}

# Whatever is missing speaks against it.
test_nothing_that_is_missing_helps if {
	missing := {name |
		some name in ["revoked", "audience", "subject", "not_before", "not_after", "skew_seconds"]
		codes(json.remove(presented, [name]), 1000) == set()
	}
	missing == set()
}

test_a_grant_covers_no_more_than_it_says if {
	grant := presented.grants[0]
	justification.covers(grant, exposure)
	more := [
		{"access": {"read": true, "write": true, "execute": true}},
		{"options": {"readonly": false, "noexec": false, "nosuid": true, "nodev": true}},
		{"options": {"readonly": false, "noexec": true, "nosuid": false, "nodev": true}},
		{"options": {"readonly": false, "noexec": true, "nosuid": true, "nodev": false}},
		{"limits": {"size": 1025, "inodes": null}},
		{"limits": {"size": null, "inodes": null}},
		{"backing": {"kind": "host", "path": "/tmp"}},
		{"backing": {"kind": "private", "path": "/elsewhere"}},
	]
	covered := [change |
		some change in more
		justification.covers(grant, object.union(exposure, change))
	]
	covered == []
	justification.covers(grant, object.union(exposure, {"limits": {"size": 1, "inodes": 10}}))
	justification.covers(grant, object.union(exposure, {"access": {"read": true, "write": false, "execute": false}}))
}

test_words if {
	justification.lasting(119) == "119 seconds"
	justification.lasting(120) == "2 minutes"
	justification.lasting(7199) == "119 minutes"
	justification.lasting(7200) == "2 hours"
	justification.lasting(172799) == "47 hours"
	justification.lasting(172800) == "2 days"
	justification.told("revoked", presented) == "the justification build-7 (j.json) was revoked"
	signed := justification.told("too-few-signers", presented)
	signed == "the justification build-7 (j.json) was signed by 1 of the 2 people that the trust file wants"
	justification.clause("used-up", presented) == "was used 1 times already, of 2"
	justification.clause("lifetime-too-long", presented) == "asks for 18 minutes; 90 days is the longest"
}
