"""What `Tests/repeat-failures` prints of a command that tests, and its exit code."""
import subprocess
import unittest

from service import ROOT

ISSUE = ['✘ Test "A webhook is saved" recorded an issue at Saving.swift:12:9: Expectation failed: saved == nil',
         "↳ a comment", "  its second line"]
NAMES = ['✘ Test "A webhook is saved" failed after 0.1 seconds with 1 issue.',
         "✘ Test run with 2 tests failed after 0.2 seconds with 1 issue."]
SWIFT_TESTING = ["[5/10] Compiling Module", '◇ Test "A webhook is saved" started.', *ISSUE,
                 '✔ Test "Another" passed after 0.1 seconds.', "a line of a log", *NAMES]
UNITTEST = ["test_a (test_x.Some.test_a) ... FAIL", "ERROR:  a line of PostgreSQL's log",
            "FAIL: test_a (test_x.Some.test_a)", "AssertionError", "FAILED (failures=1)"]


class RepeatedFailuresTests(unittest.TestCase):
    def lines(self, printed, code):
        """What the script prints for a command that prints these lines and ends with this code."""
        ran = subprocess.run([ROOT / "Tests" / "repeat-failures", "sh", "-c", 'printf "%s\\n" "$@"; exit $0', str(code), *printed],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, code)
        self.assertEqual(ran.stderr, "")
        return ran.stdout.splitlines()

    def test_output_of_a_command_that_passes_is_left_as_it_is(self):
        self.assertEqual(self.lines(SWIFT_TESTING, 0), SWIFT_TESTING)

    def test_failed_swift_tests_are_named_last_after_their_issues(self):
        self.assertEqual(self.lines(SWIFT_TESTING, 3), [
            *SWIFT_TESTING, "", "What failed, once more:", *ISSUE, "", "Failed tests:", *NAMES])

    def test_failed_python_tests_are_named_last(self):
        self.assertEqual(self.lines(UNITTEST, 1), [*UNITTEST, "", "Failed tests:", "FAIL: test_a (test_x.Some.test_a)"])

    def test_errors_of_a_build_and_crashes_are_repeated(self):
        errors = ["/a/b.swift:3:4: error: no such thing", "Swift/Array.swift:9: Fatal error: Index out of range"]
        self.assertEqual(self.lines([*errors, "other"], 1), [*errors, "other", "", "What failed, once more:", *errors])


if __name__ == "__main__":
    unittest.main()
