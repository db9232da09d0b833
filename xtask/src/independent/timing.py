"""Times rego-cpp: timing.py POLICY QUESTION POLICIES RUNS prints the median and the 99th percentile, in nanoseconds."""

import json
import sys
import time

from compare import modules
from regopy import Interpreter


def main():
    policy, question, policies, runs = sys.argv[1:]
    interpreter = Interpreter()
    for path in modules(policies, policy):
        with open(path, encoding="utf-8") as file:
            interpreter.add_module(path, file.read())
    with open(question, encoding="utf-8") as file:
        asked = json.load(file)
    times = []
    for number in range(-1, int(runs)):
        path = f"/home/u/project-{number}"
        [workspace] = asked["surface"]["workspace"]
        workspace["resource"] = workspace["backing"]["path"] = path
        asked["time"] += 1
        start = time.perf_counter_ns()
        interpreter.set_input(asked)
        output = json.loads(str(interpreter.query(f"data.denybox.{policy}.answer")))
        elapsed = time.perf_counter_ns() - start
        assert len(output["expressions"][0]["allow"]) == 12, output
        # The first fills the caches.
        if number >= 0:
            times.append(elapsed)
    times.sort()
    print(times[round((len(times) - 1) * 0.5)], times[round((len(times) - 1) * 0.99)])


if __name__ == "__main__":
    main()
