"""Compares two runs of the tests, one with the interpreter's own functions and one with ours: report.py OWN OURS

Exits with 1 if a test fails with ours only, or runs with the interpreter's only.
"""

import json
import sys

FEWEST_REPLACED = 90
BAD = ("failed", "error", "unexpected success")


def load(path):
    with open(path) as file:
        return json.load(file)


def counts(run):
    outcomes = [test["outcome"] for test in run["tests"].values()]
    skipped = outcomes.count("skipped")
    bad = sum(outcome in BAD for outcome in outcomes)
    return len(outcomes), len(outcomes) - skipped, skipped, bad


def main():
    own, ours = load(sys.argv[1]), load(sys.argv[2])
    touching = [test for test in ours["tests"].values() if test["called"] or test.get("called_by_children")]
    calls = {}
    for test in ours["tests"].values():
        for name, count in test["called"].items():
            calls[name] = calls.get(name, 0) + count
    uncalled = [name for name in ours["replaced"] if not any(called.split(".")[0] == name for called in calls)]

    print(f"CPython {ours['python']}")
    print(f"  {len(ours['replaced'])} functions and classes of os replaced")
    print()
    print(f"  {'':24}{'tests':>8}{'run':>8}{'skipped':>9}{'failed':>8}{'seconds':>9}")
    for name, run in (("the interpreter's own", own), ("on fs-core", ours)):
        tests, ran, skipped, bad = counts(run)
        print(f"  {name:24}{tests:8}{ran:8}{skipped:9}{bad:8}{run['seconds']:9.1f}")
    print()
    print(f"  {len(touching)} tests called our functions, {sum(calls.values())} times", end="")
    children = sum(test.get("children", 0) for test in ours["tests"].values())
    print(f"; {children} child interpreters started with them")
    if uncalled:
        print(f"  not called by any test: {', '.join(uncalled)}")

    differences = []
    for name in sorted(own["tests"].keys() | ours["tests"].keys()):
        before, after = own["tests"].get(name), ours["tests"].get(name)
        if before is None or after is None:
            differences.append((name, "is only in one of the runs", ""))
        elif after["outcome"] != before["outcome"] and before["outcome"] not in BAD:
            differences.append((name, f"{before['outcome']} -> {after['outcome']}", after["detail"]))
    both = [name for name, test in own["tests"].items() if test["outcome"] in BAD]
    if both:
        print(f"  failing without us, and not counted: {', '.join(sorted(both))}")
    for name, what, detail in differences:
        print(f"\nDIFFERENT {name}: {what}\n{detail}")
    if len(ours["replaced"]) < FEWEST_REPLACED:
        print(f"\nFEWER than {FEWEST_REPLACED} functions are replaced")
        return 1
    if not touching:
        print("\nNO TEST called our functions: the overlay was not in place")
        return 1
    print(f"\n{'FAIL' if differences else 'PASS'}: {len(differences)} tests differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
