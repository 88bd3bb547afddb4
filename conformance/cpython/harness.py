"""Runs CPython's own tests and writes down what became of each: harness.py RESULT MODULE...

With the overlay in place, it also writes down which of our functions each test called.
"""

import json
import os
import sys
import time
import unittest

from test import support

try:
    import osprey_overlay
    from _osprey_os import touches
except ImportError:
    osprey_overlay = None

    def touches():
        return {}


class Children:
    """The log that interpreters with the overlay write to when they start and end."""

    def __init__(self):
        self.path = osprey_overlay and os.path.join(os.path.dirname(osprey_overlay.__file__), "children.log")
        self.read = 0

    def lines(self):
        """What was written since the last time, by others than this process."""
        if self.path is None:
            return []
        with open(self.path) as log:
            log.seek(self.read)
            text = log.read()
            self.read = log.tell()
        return [line.split() for line in text.splitlines() if line.split()[0] != str(os.getpid())]


class Result(unittest.TextTestResult):
    """Keeps an outcome for each test; a failure of a part of it is one of the whole."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.tests = {}
        self.children = Children()
        self.children.lines()

    def startTest(self, test):
        super().startTest(test)
        self.before = touches()
        self.outcome, self.detail = "ok", ""

    def stopTest(self, test):
        before, after = self.before, touches()
        called = {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}
        lines = self.children.lines()
        self.tests[test.id()] = {
            "outcome": self.outcome,
            "detail": self.detail,
            "called": called,
            "children": sum(line[1] == "started" for line in lines),
            "called_by_children": sum(int(line[2]) for line in lines if line[1] == "touched"),
        }
        super().stopTest(test)

    def note(self, outcome, detail):
        if self.outcome in ("ok", "skipped"):
            self.outcome, self.detail = outcome, detail

    def addError(self, test, err):
        super().addError(test, err)
        self.note("error", self._exc_info_to_string(err, test))
        if not isinstance(test, unittest.TestCase):
            # What fails outside of a test, as the set-up of a class.
            self.tests[test.id()] = {"outcome": "error", "detail": self.detail, "called": {}}

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note("failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note("failed", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note("skipped", reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note("expected failure", "")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note("unexpected success", "")

    def __getattr__(self, name):
        # A class that fails to be set up has no test that was started.
        if name in ("outcome", "detail"):
            return "ok"
        raise AttributeError(name)


def main():
    output, *modules = sys.argv[1:]
    # As `python -m test` does it: nothing that takes much time or memory, or a network.
    support.use_resources = []
    support.verbose = 0
    started = time.monotonic()
    suite = unittest.defaultTestLoader.loadTestsFromNames([f"test.{module}" for module in modules])
    runner = unittest.TextTestRunner(stream=sys.stderr, resultclass=Result, verbosity=2)
    result = runner.run(suite)
    report = {
        "python": sys.version.split()[0],
        "replaced": osprey_overlay.REPLACED if osprey_overlay else [],
        "seconds": time.monotonic() - started,
        "tests": result.tests,
    }
    with open(output, "w") as file:
        json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
