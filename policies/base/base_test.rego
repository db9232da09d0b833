# Tests of the policies' parts, in Rego. What they decide as a whole is in cases.json.
package denybox.base_test

import data.denybox.base
import data.denybox.local

# A private /tmp as the command line grants it.
granted := {
	"index": 0,
	"resource": "/tmp",
	"role": "scratch",
	"access": {"read": true, "write": true, "execute": false},
	"backing": {"certainty": "known", "kind": "private"},
	"options": {"readonly": false, "noexec": true, "nosuid": true, "nodev": true},
	"limits": {"size": 1048576, "inodes": null},
	"sharing": {"with": "private"},
	"related": [],
	"stands": "apart",
	"directory": null,
}

asked(exposures, reasons) := {
	"surface": {"scratch": exposures},
	"reasons": reasons,
	"justifications": [],
	"host": {"memory_bytes": 1073741824, "abstract_socket_scope": false},
}

without(object_, path) := json.remove(object_, [path])

# What stands behind `with … as` is computed before: regorus 0.14 forgets the rules that it evaluates there.
test_a_grant_with_a_reason if {
	question := asked([granted], ["it spills"])
	local.answer.allow == {[0, "private-scratch", null]} with input as question
}

test_a_grant_without_a_reason if {
	question := asked([granted], [])
	count(local.answer.allow) == 0 with input as question
}

# Whatever is missing from the input can't be in favour of it. The last paths are the control: nobody asks for them.
test_nothing_that_is_missing_helps if {
	paths := [
		"index", "access", "access/execute", "backing", "backing/kind", "options", "options/noexec",
		"options/nosuid", "options/nodev", "limits", "limits/size", "sharing", "sharing/with", "limits/inodes", "role",
	]
	allowed := [path |
		some path in paths
		question := asked([without(granted, path)], ["it spills"])
		answer := local.answer with input as question
		some [0, _, _] in answer.allow
	]
	allowed == ["limits/inodes", "role"]
}

test_no_host_facts_no_budget if {
	question := without(asked([granted], ["it spills"]), "host")
	not base.within_budget with input as question
}

test_an_empty_surface if {
	question := asked([], [])
	answer := local.answer with input as question
	count(answer.allow) == 0
	count(answer.deny) == 0
}

test_place if {
	base.place("/tmp")
	base.place("/process")
	base.place("/run/denybox/scratch")
	not base.place("/run/denybox/scratch/x")
	not base.place("/proc")
	not base.place("/proc/self")
	not base.place("relative")
	not base.place("/")
}

test_shown if {
	shown_place := {"read_only": [{"resource": "/srv"}]}
	base.shown("/srv") with input.surface as shown_place
	base.shown("/srv/x") with input.surface as shown_place
	not base.shown("/srvx") with input.surface as shown_place
}

test_quoted if {
	base.quoted("/a-b_c.d") == "/a-b_c.d"
	base.quoted("/a b") == "'/a b'"
	base.quoted("/it's") == `'/it'\''s'`
	base.quoted("$(reboot)") == "'$(reboot)'"
	base.quoted("") == "''"
}

test_own if {
	base.own({"role": "scratch", "resource": "/run/denybox/scratch"}, "1M", "") == "--scratch 1M"
	base.own({"role": "scratch", "resource": "/tmp"}, "1M", ",exec") == "--grant /tmp=private,size=1M,exec"
	base.own({"role": "scratch", "resource": "sysv-shm"}, "1M", "") == "--grant sysv-shm=private"
	base.own({"role": "home", "resource": "/home/u"}, "1M", "") == null
}

test_elsewhere if {
	base.elsewhere("workspace", "scratch") == "--workspace DIRECTORY"
	base.elsewhere("read-only", "home") == "--ro DIRECTORY"
	base.elsewhere("scratch", "home") == null
}
