"""What the log tells of a database that goes and comes: once that it does, and once that it is over."""
import re
import unittest

from postgres_processes import Processes, setUpModule  # setUpModule is unittest's.
from service import wait_until


class Log(Processes):
    def lines(self, process, text):
        return [line for line in process.log_text().splitlines() if text in line]

    def is_taken(self, process):
        return process.is_taken("contact.created", 1)

    def test_an_outage_is_told_when_it_begins_and_when_it_is_over(self):
        process = self.process("one")
        self.assertTrue(self.is_taken(process))
        self.server.shut_down()
        try:
            for _ in range(2):
                self.assertFalse(self.is_taken(process))
        finally:
            self.server.start()
        self.assertIsNotNone(wait_until(
            lambda: self.is_taken(process) and self.lines(process, "PostgreSQL is reached again")
            and self.lines(process, "store works again"), 90), process.log_text())
        self.assertEqual(len(self.lines(process, "PostgreSQL cannot be reached")), 1)
        over, = self.lines(process, "PostgreSQL is reached again")
        self.assertRegex(over, r"failures=\d+ seconds=\d+")
        # Of each cause one: what broke, and what could not be made.
        failed = [re.search('error="?(.*)', line).group(1) for line in self.lines(process, "store failed")]
        self.assertEqual(len(failed), len(set(failed)))

    def test_idle_connections_that_are_cut_again_and_again_are_told_once(self):
        process = self.process("one")
        for _ in range(5):
            cut = int(self.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                f"WHERE usename = '{self.server.role}' AND state = 'idle'"))
            self.assertGreater(cut, 0)
            self.assertIsNotNone(wait_until(lambda: self.is_taken(process), 20))
        self.assertIsNotNone(process.wait_for_log("was cut, and is made anew", 20))
        self.assertEqual(len(self.lines(process, "was cut, and is made anew")), 1)


if __name__ == "__main__":
    unittest.main()
