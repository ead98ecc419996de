"""A SQLite store is backed up and compacted."""
import re
import signal
import sqlite3
import stat
import subprocess
import threading
import time
import unittest

from service import BINARY, Task, report, run, wait_until
from sqlite_files import FileTestCase


class UpkeepTests(FileTestCase):
    def backup(self, target):
        return run("store", "backup", "--from", f"sqlite:{self.database}", "--to", target)

    def test_a_backup_is_made_while_calls_go_on_and_holds_what_was_acknowledged_before(self):
        service = self.service()
        service.stop()
        self.fill(300)
        receiver, service = self.receiver(), self.service(name="again")
        service.save(receiver.url, ["sale.changed"], name="kept")
        for key in range(20):
            service.signal("sale.changed", key)
        latencies, stopped = [], threading.Event()

        def signals():
            key = 100
            while not stopped.is_set():
                begun = time.monotonic()
                service.signal("sale.changed", key)
                latencies.append(time.monotonic() - begun)
                key += 1

        self.addCleanup(stopped.set)
        tasks = [Task(signals) for _ in range(4)]
        self.assertIsNotNone(wait_until(lambda: len(latencies) > 100, 60), "no signals are taken")
        before = sorted(latencies)
        begun = time.monotonic()
        target = self.directory / "copy.db"
        done = self.backup(target)
        seconds = time.monotonic() - begun
        stopped.set()
        for task in tasks:
            task.wait()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{target}: {target.stat().st_size} bytes, in order", done.stdout)
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o600)
        during = sorted(latencies[len(before):])
        report(f"backup of {target.stat().st_size >> 20} MiB in {seconds:.1f} s; SignalEvent p50 {1e3 * before[len(before) // 2]:.1f} ms,"
               f" longest {1e3 * before[-1]:.0f} ms before, p50 {1e3 * during[len(during) // 2]:.1f} ms, p99 "
               f"{1e3 * during[len(during) * 99 // 100]:.1f} ms, longest {1e3 * during[-1]:.0f} ms of {len(during)} during it")
        # A call that had to wait for the backup would take as long as the backup.
        self.assertGreater(len(during), 20)
        self.assertLess(during[len(during) // 2], max(before[-1], seconds / 2))
        done = self.backup(target)
        self.assertEqual(done.returncode, 1)
        self.assertIn("exists and is not overwritten", done.stderr)
        self.assertEqual([path.name for path in self.directory.glob("copy.db*")], ["copy.db"])
        with sqlite3.connect(target) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            events, = connection.execute("SELECT count(*) FROM event WHERE tenant = 'Default'").fetchone()
            self.assertGreaterEqual(events, 20)
        connection.close()
        service.stop()
        self.assertLess(sum(path.stat().st_size for path in self.directory.glob("test.db-wal")), 33 << 20)
        restored = self.service(store=f"sqlite:{target}", name="restored")
        self.assertIn("kept", restored.call("<GetAllWebhooks/>")[1])

    def test_a_backup_that_is_interrupted_leaves_nothing(self):
        self.service().stop()
        self.fill(400)
        command = subprocess.Popen([BINARY, "store", "backup", "--from", f"sqlite:{self.database}", "--to",
                                    str(self.directory / "copy.db")], stderr=subprocess.PIPE, text=True)
        self.assertTrue(wait_until(lambda: list(self.directory.glob("copy.db*"))))
        command.send_signal(signal.SIGINT)
        _, error = command.communicate(timeout=60)
        self.assertEqual(command.returncode, 1)
        self.assertIn("was interrupted", error)
        self.assertEqual(list(self.directory.glob("copy.db*")), [])

    def test_compacting_gives_space_back_and_is_refused_while_a_service_has_the_file(self):
        service = self.service()
        service.save(self.receiver().url, ["sale.changed"], name="kept")
        done = run("store", "compact", "--store", f"sqlite:{self.database}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("another process serves", done.stderr)
        self.assertEqual(service.request("GET", "/readyz")[0], 200)
        service.stop()
        self.fill(100)
        with sqlite3.connect(self.database) as connection:
            connection.execute("DELETE FROM event WHERE tenant = 'Old'")
        connection.close()
        done = run("store", "compact", "--store", f"sqlite:{self.database}")
        self.assertEqual(done.returncode, 0, done.stderr)
        before, after = map(int, re.search(r"(\d+) bytes before, (\d+) bytes after", done.stdout).groups())
        self.assertGreater(before, 100_000_000)
        self.assertLess(after, 1_000_000)
        report(done.stdout.strip())
        self.assertIn("kept", self.service(name="again").call("<GetAllWebhooks/>")[1])

    def test_what_is_no_sqlite_store_is_refused_with_what_to_use(self):
        for arguments, text in ((("backup", "--from", "postgres://h/d", "--to", "x"), "pg_dump"),
                                (("backup", "--from", "sqlite:x", "--to", "sqlite:y"), "without 'sqlite:'"),
                                (("compact", "--store", "postgres://h/d"), "autovacuum"),
                                (("compact", "--store", "memory:"), "sqlite:PATH")):
            done = run("store", *arguments)
            self.assertEqual(done.returncode, 64)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
