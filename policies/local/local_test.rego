# Tests of the policy's parts, in Rego. What it decides as a whole is in cases.json.
package denybox.local_test

import data.denybox.local

# A private /tmp as the command line grants it.
granted := {
	"resource": "/tmp",
	"role": "scratch",
	"access": {"read": true, "write": true, "execute": false},
	"backing": {"certainty": "known", "value": {"kind": "private"}},
	"options": {"readonly": false, "noexec": true, "nosuid": true, "nodev": true},
	"limits": {"size": 1048576, "inodes": null},
	"sharing": {"with": "private"},
}

asked(exposures, reasons) := {
	"surface": {"exposures": exposures, "controls": []},
	"reasons": reasons,
	"host": {"memory_bytes": 1073741824, "abstract_socket_scope": false},
}

without(object_, path) := json.remove(object_, [path])

test_a_grant_with_a_reason if {
	local.answer.allow["private-scratch"] == {0} with input as asked([granted], ["it spills"])
	local.answer.deny == [] with input as asked([granted], ["it spills"])
}

test_a_grant_without_a_reason if {
	count(local.answer.allow["private-scratch"]) == 0 with input as asked([granted], [])
	local.against == {[0, "needs-reason"]} with input as asked([granted], [])
}

# Whatever is missing from the input can't be in favour of it. The last path is the control: nobody asks for it.
test_nothing_that_is_missing_helps if {
	paths := [
		"role", "access", "access/execute", "backing", "backing/value", "options", "options/noexec",
		"options/nosuid", "options/nodev", "limits", "limits/size", "sharing", "sharing/with", "limits/inodes",
	]
	allowed := [path |
		some path in paths
		answer := local.answer with input as asked([without(granted, path)], ["it spills"])
		some indices in answer.allow
		some 0 in indices
	]
	allowed == ["limits/inodes"]
}

test_no_host_facts_no_budget if {
	not local.within_budget with input as without(asked([granted], ["it spills"]), "host")
}

test_an_empty_surface if {
	answer := local.answer with input as asked([], [])
	answer.deny == []
	count([i | some allowed in answer.allow; some i in allowed]) == 0
}

test_an_unknown_role if {
	answer := local.answer with input as asked([object.union(granted, {"role": "friend"})], ["it spills"])
	count([i | some allowed in answer.allow; some i in allowed]) == 0
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

test_grantable if {
	local.grantable("/tmp")
	local.grantable("/process")
	local.grantable("/run/denybox/scratch")
	not local.grantable("/run/denybox/scratch/x")
	not local.grantable("/proc")
	not local.grantable("/proc/self")
	not local.grantable("relative")
	not local.grantable("/")
}

test_shown if {
	place := object.union(granted, {"role": "read-only", "resource": "/srv", "backing": {"value": {"kind": "host"}}})
	local.shown("/srv") with input as asked([place], [])
	local.shown("/srv/x") with input as asked([place], [])
	not local.shown("/srvx") with input as asked([place], [])
}

test_quoted if {
	local.quoted("/a-b_c.d") == "/a-b_c.d"
	local.quoted("/a b") == "'/a b'"
	local.quoted("/it's") == `'/it'\''s'`
	local.quoted("$(reboot)") == "'$(reboot)'"
	local.quoted("") == "''"
}

test_own if {
	local.own({"role": "scratch", "resource": "/run/denybox/scratch"}, "1M", "") == "--scratch 1M"
	local.own({"role": "scratch", "resource": "/tmp"}, "1M", ",exec") == "--grant /tmp=private,size=1M,exec"
	local.own({"role": "scratch", "resource": "sysv-shm"}, "1M", "") == "--grant sysv-shm=private"
	local.own({"role": "home", "resource": "/home/u"}, "1M", "") == null
}

test_elsewhere if {
	local.elsewhere("workspace", "scratch") == "--workspace DIRECTORY"
	local.elsewhere("read-only", "home") == "--ro DIRECTORY"
	local.elsewhere("scratch", "home") == null
}
