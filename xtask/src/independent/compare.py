"""Asks other Rego engines what the embedded one was asked, and compares.

compare.py ENGINE ANSWERS POLICIES: ENGINE is `rego-cpp` (by regopy, in this process) or `opa` (the program); ANSWERS has a
question and the embedded engine's answer on each line; POLICIES is the directory of the Rego that ships.
"""

import glob
import json
import subprocess
import sys


def modules(policies, policy):
    """The Rego of a policy, by path."""
    found = []
    for directory in ("base", policy):
        found += [path for path in sorted(glob.glob(f"{policies}/{directory}/*.rego")) if not path.endswith("_test.rego")]
    return found


class RegoCpp:
    def __init__(self, policies, policy):
        from regopy import Interpreter

        self.policy = policy
        self.interpreter = Interpreter()
        for path in modules(policies, policy):
            with open(path, encoding="utf-8") as file:
                self.interpreter.add_module(path, file.read())

    def ask(self, question):
        self.interpreter.set_input(question)
        package = f"data.denybox.{self.policy}"
        codes = f"{{[entry.index, entry.code, entry.rule] | some entry in {package}.explained}}"
        output = json.loads(str(self.interpreter.query(f"answer = {package}.answer; codes = {codes}")))
        return output["bindings"]["answer"], output["bindings"]["codes"]


    def explained(self, values):
        """What is compared of the explanations: rego-cpp 1.5 quotes some texts a second time in sprintf."""
        return sorted_by_text([[entry["index"], entry["code"], entry["rule"]] for entry in values])


class Opa:
    def __init__(self, policies, policy):
        version = subprocess.run(["opa", "version"], capture_output=True, text=True, check=True).stdout
        old = version.startswith("Version: 0.")
        self.command = ["opa", "eval", "--format", "json", "--stdin-input"] + (["--v1-compatible"] if old else [])
        for path in modules(policies, policy):
            self.command += ["--data", path]
        self.policy = policy

    def ask(self, question):
        values = []
        for rule in ("answer", "explained"):
            done = subprocess.run(
                self.command + [f"data.denybox.{self.policy}.{rule}"],
                input=json.dumps(question), capture_output=True, text=True,
            )
            if done.returncode != 0:
                raise RuntimeError(done.stdout + done.stderr)
            values.append(json.loads(done.stdout)["result"][0]["expressions"][0]["value"])
        return values


    def explained(self, values):
        return explained(values)


def widest(value):
    """The largest number in a document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return max(map(widest, value), default=0)
    return value if isinstance(value, int) else 0


def sorted_by_text(values):
    """A set's members in one order, each once."""
    return [json.loads(text) for text in sorted({json.dumps(value, sort_keys=True) for value in values})]


def answer(value):
    """An answer with its sets in order, and what may be left out put there."""
    assert set(value) <= {"allow", "deny", "obligations"}, value
    allow = [(list(entry) + [None])[:3] for entry in value["allow"]]
    return {
        "allow": sorted_by_text(allow),
        "deny": explained(value["deny"]),
        "obligations": value.get("obligations", {}),
    }


def explained(values):
    fields = ("index", "code", "rule", "message", "remedy")
    assert all(set(entry) <= set(fields) for entry in values), values
    return sorted_by_text([{name: entry.get(name) for name in fields} for entry in values])


def main():
    engine, answers, policies = sys.argv[1:]
    known = {}
    passed, failed = 0, 0
    with open(answers, encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            policy = case["policy"]
            if policy not in known:
                known[policy] = {"rego-cpp": RegoCpp, "opa": Opa}[engine](policies, policy)
            ours = (answer(case["answer"]), known[policy].explained(case["explained"]))
            try:
                told = known[policy].ask(case["question"])
                theirs = (answer(told[0]), sorted_by_text(told[1]))
                if engine == "rego-cpp" and widest(case["question"]) >= 1 << 63:
                    # It computes with 64 bits and a sign, and finds other words for the same refusal.
                    ours, theirs = ours[:1], theirs[:1]
            except Exception as error:
                theirs = f"{type(error).__name__}: {error}"
            if ours == theirs:
                passed += 1
                continue
            failed += 1
            print(f"{engine} differs on '{case['name']}' under {policy}:")
            print(f"  embedded: {json.dumps(ours)}\n  {engine}: {json.dumps(theirs)}")
    print(f"{engine}: {passed} passed; {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
