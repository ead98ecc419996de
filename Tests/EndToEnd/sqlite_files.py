"""The base of tests of the file that a SQLite store is in."""
import sqlite3

from service import ServiceTestCase, free_port, run


class FileTestCase(ServiceTestCase):
    @property
    def database(self):
        return self.directory / "test.db"

    def refusal(self, path, **options):
        """Why a service does not start on a file: one line."""
        done = run("serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", "--store", f"sqlite:{path}",
                             **options)
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("webhook-svc:")]
        self.assertEqual(len(lines), 1, done.stderr)
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
