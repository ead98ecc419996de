"""The release binary and the file that its store is in: deleted, replaced, damaged, shared, backed up and compacted."""
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import unittest

from service import BINARY, ServiceTestCase, free_port, wait_until


def run(*arguments, **options):
    """A command that has come to its end: its code, and what it wrote to both."""
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr


def report(text):
    print(f"\n  {text}", file=sys.stderr)


class FileTestCase(ServiceTestCase):
    @property
    def database(self):
        return self.directory / "test.db"

    def refusal(self, path, **options):
        """Why a service does not start on a file: one line."""
        code, _, error = run("serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", "--store", f"sqlite:{path}",
                             **options)
        self.assertEqual(code, 1, error)
        lines = [line for line in error.splitlines() if line.startswith("webhook-svc:")]
        self.assertEqual(len(lines), 1, error)
        return lines[0]

    def fails(self, service):
        """Whether a call is answered with an error, and none with success."""
        status, answer = service.call("<SignalEvent><EventName>sale.changed</EventName><PrimaryKey>1</PrimaryKey>"
                                      "</SignalEvent>")
        self.assertIn(status, (200, 500))
        return ">true</Succeeded>" not in answer

    def fill(self, megabytes):
        """Adds events that were delivered long ago to the file, which nobody serves."""
        with sqlite3.connect(self.database) as connection:
            for _ in range(megabytes):
                connection.execute("INSERT INTO event (guid, tenant, name, name_key, body_head, body_tail, created) VALUES"
                                   " ('00000000-0000-0000-0000-000000000000', 'Old', 'x', 'x', zeroblob(1048000), x'', 0)")
        connection.close()


class Gone(FileTestCase):
    def test_nothing_is_acknowledged_and_nothing_is_ready_once_a_file_of_the_database_was_deleted(self):
        for suffix in ("", "-wal", "-shm"):
            with self.subTest(suffix):
                receiver, service = self.receiver(), self.service(store=f"sqlite:{self.directory}/d{suffix}.db")
                path = f"{self.directory}/d{suffix}.db{suffix}"
                service.save(receiver.url, ["sale.changed"])
                service.signal("sale.changed")
                self.assertEqual(service.request("GET", "/readyz")[0], 200)
                os.remove(path)
                self.assertTrue(self.fails(service))
                self.assertEqual(service.request("GET", "/readyz")[0], 503)
                self.assertEqual(service.request("GET", "/healthz")[0], 200)
                self.assertIsNotNone(service.wait_for_log(re.escape(path) + " was deleted"))
                service.stop()

    def test_what_was_acknowledged_before_the_journal_was_deleted_is_there_after_a_restart(self):
        receiver, service = self.receiver(), self.service()
        receiver.answers.clear()
        service.save(receiver.url, ["sale.changed"], name="kept")
        for key in range(5):
            service.signal("sale.changed", key)
        os.remove(f"{self.database}-wal")
        self.assertTrue(self.fails(service))
        service.kill()
        receiver.answers.set()
        sent = len(receiver.requests)
        again = self.service(name="again")
        self.assertIn("kept", again.call("<GetAllWebhooks/>")[1])
        # None of them was recorded as delivered.
        self.assertTrue(wait_until(lambda: len({request["body"] for request in receiver.requests[sent:]}) == 5, 20))

    def test_a_file_in_the_place_of_the_database_is_not_taken_for_it(self):
        receiver, service = self.receiver(), self.service()
        service.save(receiver.url, ["sale.changed"])
        os.rename(self.database, self.directory / "away.db")
        shutil.copy(self.directory / "away.db", self.database)
        self.assertTrue(self.fails(service))
        self.assertEqual(service.request("GET", "/readyz")[0], 503)
        self.assertIsNotNone(service.wait_for_log("was replaced"))
        os.rename(self.directory / "away.db", self.database)
        self.assertFalse(self.fails(service))
        self.assertEqual(service.request("GET", "/readyz")[0], 200)

    def test_one_line_tells_of_calls_that_fail_and_one_that_it_is_over(self):
        service = self.service()
        service.save(self.receiver().url, ["sale.changed"])
        os.rename(self.database, self.directory / "away.db")
        begun = time.monotonic()
        calls = 0
        while time.monotonic() - begun < 2.5:
            self.assertTrue(self.fails(service))
            calls += 1
        lines = [line for line in service.log_text().splitlines() if "store failed" in line]
        self.assertGreater(calls, 20)
        self.assertEqual(len(lines), 1)
        os.rename(self.directory / "away.db", self.database)
        self.assertIsNotNone(wait_until(
            lambda: self.fails(service) or service.wait_for_log(r"failures=\d+ .*store works again", 0), 30))


class Names(FileTestCase):
    def test_a_second_process_is_refused_by_every_name_of_the_file_and_clears_no_leases(self):
        receiver, service = self.receiver(), self.service()
        receiver.answers.clear()
        service.save(receiver.url, ["sale.changed"])
        service.signal("sale.changed")
        self.assertEqual(len(receiver.wait(1)), 1)
        (self.directory / "link.db").symlink_to("test.db")
        (self.directory / "folder").symlink_to(".")
        for name in ("test.db", "link.db", "folder/test.db", "folder/./test.db"):
            self.assertIn("another process serves", self.refusal(self.directory / name))
        self.assertIn("another process serves", self.refusal("test.db", cwd=self.directory))
        os.remove(f"{self.database}-lock")
        self.assertIn("another process serves", self.refusal(self.database))
        os.link(self.database, self.directory / "hard.db")
        self.assertIn("hard links", self.refusal(self.directory / "hard.db"))
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM delivery WHERE owner IS NOT NULL").fetchone(), (1,))
        connection.close()
        receiver.answers.set()
        self.assertEqual(service.stop(), 0)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "mounting takes root")
    def test_a_second_process_is_refused_through_a_mount_of_the_file(self):
        service = self.service()
        other = self.directory / "other"
        other.mkdir()
        (other / "mounted.db").touch()
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" && exec "$3" serve --dev --listen "$4" --store "sqlite:$2"',
             "sh", self.database, other / "mounted.db", BINARY, f"127.0.0.1:{free_port()}"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("by this name or by another one", done.stderr)
        self.assertEqual(service.request("GET", "/readyz")[0], 200)


class Refused(FileTestCase):
    def damage(self, table):
        """Overwrites the first page of a table in the file of a service that does not run."""
        with sqlite3.connect(self.database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page, = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            size, = connection.execute("PRAGMA page_size").fetchone()
        connection.close()
        with open(self.database, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xaa" * size)

    def test_a_damaged_file_is_refused_with_what_to_do(self):
        self.service().stop()
        self.damage("attempt")
        line = self.refusal(self.database)
        self.assertIn(f"{self.database} is damaged", line)
        self.assertIn("restore a backup", line)

    def test_damage_in_a_large_file_is_found_while_it_is_served(self):
        self.service().stop()
        self.fill(70)
        self.damage("session")
        service = self.service(name="again")
        self.assertIsNotNone(service.wait_for_log("critical.*is damaged", 30))
        self.assertEqual(service.request("GET", "/readyz")[0], 503)
        self.assertTrue(self.fails(service))

    def test_another_programs_file_is_refused_and_stays_as_it_is(self):
        with sqlite3.connect(self.database) as connection:
            connection.execute("CREATE TABLE invoice (id INTEGER)")
        connection.close()
        before = self.database.read_bytes()
        self.assertIn("is another program's database, with the tables invoice", self.refusal(self.database))
        self.assertEqual(self.database.read_bytes(), before)

    @unittest.skipUnless(os.geteuid() == 0, "another user is needed")
    def test_who_may_not_write_is_told_what_cannot_be_written(self):
        self.service().stop()
        self.directory.chmod(0o755)
        self.assertIn(f"{self.database}-lock cannot be opened for writing: Permission denied",
                      self.refusal(self.database, user=65534))
        folder = self.directory / "folder"
        folder.mkdir()
        folder.chmod(0o777)
        shutil.copy(self.database, folder / "read-only.db")
        self.assertIn("read-only.db cannot be opened for writing: Permission denied",
                      self.refusal(folder / "read-only.db", user=65534))


class Upkeep(FileTestCase):
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

        threads = [threading.Thread(target=signals) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        before = sorted(latencies)
        begun = time.monotonic()
        target = self.directory / "copy.db"
        code, output, error = self.backup(target)
        seconds = time.monotonic() - begun
        stopped.set()
        for thread in threads:
            thread.join()
        self.assertEqual(code, 0, error)
        self.assertIn(f"{target}: {target.stat().st_size} bytes, in order", output)
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o600)
        during = sorted(latencies[len(before):])
        report(f"backup of {target.stat().st_size >> 20} MiB in {seconds:.1f} s; SignalEvent p50 {1e3 * before[len(before) // 2]:.1f} ms,"
               f" longest {1e3 * before[-1]:.0f} ms before, p50 {1e3 * during[len(during) // 2]:.1f} ms, p99 "
               f"{1e3 * during[len(during) * 99 // 100]:.1f} ms, longest {1e3 * during[-1]:.0f} ms of {len(during)} during it")
        self.assertLess(during[len(during) * 99 // 100], 1)
        code, _, error = self.backup(target)
        self.assertEqual(code, 1)
        self.assertIn("exists and is not overwritten", error)
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
        self.assertTrue(wait_until(lambda: list(self.directory.glob("copy.db*")), 10))
        command.send_signal(signal.SIGINT)
        _, error = command.communicate(timeout=30)
        self.assertEqual(command.returncode, 1)
        self.assertIn("was interrupted", error)
        self.assertEqual(list(self.directory.glob("copy.db*")), [])

    def test_compacting_gives_space_back_and_is_refused_while_a_service_has_the_file(self):
        service = self.service()
        service.save(self.receiver().url, ["sale.changed"], name="kept")
        code, _, error = run("store", "compact", "--store", f"sqlite:{self.database}")
        self.assertEqual(code, 1)
        self.assertIn("another process serves", error)
        self.assertEqual(service.request("GET", "/readyz")[0], 200)
        service.stop()
        self.fill(100)
        with sqlite3.connect(self.database) as connection:
            connection.execute("DELETE FROM event WHERE tenant = 'Old'")
        connection.close()
        code, output, error = run("store", "compact", "--store", f"sqlite:{self.database}")
        self.assertEqual(code, 0, error)
        before, after = map(int, re.search(r"(\d+) bytes before, (\d+) bytes after", output).groups())
        self.assertGreater(before, 100_000_000)
        self.assertLess(after, 1_000_000)
        report(output.strip())
        self.assertIn("kept", self.service(name="again").call("<GetAllWebhooks/>")[1])

    def test_what_is_no_sqlite_store_is_refused_with_what_to_use(self):
        for arguments, text in ((("backup", "--from", "postgres://h/d", "--to", "x"), "pg_dump"),
                                (("backup", "--from", "sqlite:x", "--to", "sqlite:y"), "without 'sqlite:'"),
                                (("compact", "--store", "postgres://h/d"), "autovacuum"),
                                (("compact", "--store", "memory:"), "sqlite:PATH")):
            code, _, error = run("store", *arguments)
            self.assertEqual(code, 64)
            self.assertIn(text, error)


if __name__ == "__main__":
    unittest.main()
