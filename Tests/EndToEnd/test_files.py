"""The file that a SQLite store is in: deleted, replaced, damaged, and known by several names."""
import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest

from service import BINARY, free_port, wait_until
from sqlite_files import FileTestCase


class MissingFileTests(FileTestCase):
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
        self.assertTrue(wait_until(lambda: len({request["body"] for request in receiver.requests[sent:]}) == 5, 60))

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

    def test_one_line_of_the_log_tells_that_the_store_fails_and_one_that_it_works_again(self):
        service = self.service()
        service.save(self.receiver().url, ["sale.changed"])
        os.rename(self.database, self.directory / "away.db")
        begun, calls = time.monotonic(), 0
        while time.monotonic() - begun < 2.5 or calls < 20:
            self.assertTrue(self.fails(service))
            calls += 1
        lines = [line for line in service.log_text().splitlines() if "store failed" in line]
        self.assertEqual(len(lines), 1)
        os.rename(self.directory / "away.db", self.database)
        self.assertIsNotNone(wait_until(
            lambda: self.fails(service) or service.wait_for_log(r"failures=\d+ .*store works again", 0), 90))


class SharedFileTests(FileTestCase):
    def test_a_second_process_on_the_same_database_is_refused(self):
        self.service()
        self.assertIn("the store is in use: another process serves", self.refusal(self.database))

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


class RefusedFileTests(FileTestCase):
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
        self.assertIsNotNone(service.wait_for_log("critical.*is damaged", 60))
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


if __name__ == "__main__":
    unittest.main()
