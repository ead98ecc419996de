"""An installation moves between SQLite and PostgreSQL with all that it has."""
import time
import unittest

from postgres_processes import Processes, keys, setUpModule  # setUpModule is unittest's.
from service import report, run, wait_until
from soap import Caller

SECRET = "s3crét"


class CopyingTests(Processes):
    PROPERTIES = "".join(
        f"<StringObjectKeyValuePair><Key>{name}</Key><Value xsi:type=\"xsd:{type}\">{value}</Value>"
        "</StringObjectKeyValuePair>"
        for name, type, value in [("Åse", "string", "Tromsø &amp; &lt;x&gt;"), ("int", "int", "-7"),
                                  ("long", "long", "9007199254740993"), ("decimal", "decimal", "1.10"),
                                  ("double", "double", "1E-3"), ("boolean", "boolean", "true"),
                                  ("time", "dateTime", "2024-02-29T12:00:00.1234567Z"), ("empty", "string", "")])

    def copy(self, *flags, source=None, target=None):
        return run("store", "copy", "--from", source or f"sqlite:{self.directory}/old.db", "--to", target or self.url, *flags)

    def everything(self, process, webhooks):
        """What is visible of an installation."""
        seen = {"webhooks": process.call("<GetAllWebhooks/>")[1]}
        for webhook in webhooks:
            for operation in ("GetWebhook", "GetLastError"):
                call = f"<{operation}><WebhookId>{webhook}</WebhookId></{operation}>"
                seen[operation, webhook] = process.call(call)[1]
            seen["usage", webhook] = process.admin("GET", f"webhooks/{webhook}/usage")
        for state in ("delivered", "failed", "parked"):
            _, answer = process.admin("GET", f"deliveries?state={state}&limit=100")
            seen[state] = answer["deliveries"]
            for delivery in seen[state]:
                seen[delivery["id"]] = process.admin("GET", f"deliveries/{delivery['id']}")
        _, seen["tickets"] = process.admin("GET", "tickets")
        return seen

    def test_an_installation_moves_from_sqlite_with_all_that_it_has(self):
        receiver, refusing = self.receiver(SECRET), self.receiver(statuses=[500] * 50)
        flags = ["--retry-delays", "10ms", "--retry-cycles", "1", "--disable-after-failures", "0"]
        old = self.process("old", *flags, store=f"sqlite:{self.directory}/old.db")
        gone = old.save(receiver.url, ["nothing"], name="gone")
        kept = old.save(receiver.url, ["contact.created", "Sale.Changed"], SECRET, "kept Å", self.PROPERTIES)
        parked = old.save(receiver.url, ["parked.event"], SECRET, "parked")
        failing = old.save(refusing.url, ["failing.event"], name="failing")
        old.delete(gone)
        caller = Caller(old).log_in("tje0", "Tje0")
        old.signal("contact.created", 1, "<StringObjectKeyValuePair><Key>navn</Key><Value>Åse</Value>"
                                         "</StringObjectKeyValuePair>")
        for key in range(3):
            old.signal("failing.event", key)
        self.assert_idle(old)
        receiver.answers.clear()
        for key in range(100, 120):
            old.signal("contact.created", key)
        for key in range(200, 205):
            old.signal("parked.event", key)
        receiver.wait(26)
        old.set_state(parked, "Stopped")
        webhooks = [kept, parked, failing]
        before = self.everything(old, webhooks)
        self.assertEqual([len(before[state]) for state in ("delivered", "failed", "parked")], [1, 3, 5])

        running = self.copy()
        self.assertEqual((running.returncode, running.stderr.count("\n")), (1, 1), running.stderr)
        self.assertIn("in use", running.stderr)
        old.kill()
        held = len(receiver.requests)
        begun = time.monotonic()
        copied = self.copy()
        seconds = time.monotonic() - begun
        self.assertEqual(copied.returncode, 0, copied.stderr)
        for line in ("webhook: 3 rows", "session: 1 rows", "event: 29 rows", "delivery: 28 rows"):
            self.assertIn(line, copied.stdout.splitlines())
        self.assertNotIn(self.server.password, copied.stdout + copied.stderr)
        self.assert_refused_copy()

        receiver.answers.set()
        new = [self.process("new", *flags), self.process("newer", *flags)]
        arrived = receiver.wait(held + 20)[held:]
        self.assertEqual(sorted(keys(arrived)), list(range(100, 120)), "what was being sent when the old one died")
        self.assertTrue(all(request["signed"] for request in arrived))
        self.assert_idle(new[0])
        after = self.everything(new[1], webhooks)
        # What was pending has been delivered, and counted, meanwhile.
        after["delivered"] = after["delivered"][20:]
        self.assertEqual([key for key in before if before[key] != after.get(key) and key != ("usage", kept)], [])
        self.assertEqual(after["usage", kept][1]["totalCalls"], 21)
        self.assertTrue(Caller(new[1], ticket=caller.ticket).call("<GetAllWebhooks/>").succeeded)
        new[1].set_state(parked, "Active")
        self.assertEqual(sorted(keys(receiver.wait(held + 25)[held + 20:])), list(range(200, 205)))
        self.assertGreater(new[0].save(receiver.url, ["later"]), failing)
        status, _ = new[0].admin("POST", f"deliveries/{before['failed'][0]['id']}/replay")
        self.assertEqual(status, 200)
        self.assertIsNotNone(wait_until(lambda: len(refusing.requests) > 6, 5), "a failed one can be replayed")
        for process in new:
            self.assert_idle(process)
            self.assertEqual(process.stop(), 0)
        self.assert_refused_copy()
        self.move_back(webhooks)
        report(f"copied in {seconds:.2f} s: {', '.join(copied.stdout.splitlines())}")

    def assert_refused_copy(self):
        before = self.psql("SELECT (SELECT count(*) FROM webhook), (SELECT count(*) FROM delivery)")
        again = self.copy()
        self.assertEqual((again.returncode, again.stderr.count("\n")), (1, 1), again.stderr)
        self.assertIn("not empty", again.stderr)
        self.assertNotIn(self.server.password, again.stderr)
        self.assertEqual(self.psql("SELECT (SELECT count(*) FROM webhook), (SELECT count(*) FROM delivery)"), before)

    def move_back(self, webhooks):
        """To SQLite and from there over what stands in the database: all stays as it is."""
        with_database = self.process("third")
        before = self.everything(with_database, webhooks)
        self.assertEqual(with_database.stop(), 0)
        back = f"sqlite:{self.directory}/back.db"
        self.assertEqual(self.copy(source=self.url, target=back).returncode, 0)
        with_file = self.process("fourth", store=back)
        self.assertEqual(self.everything(with_file, webhooks), before)
        self.assertEqual(with_file.stop(), 0)
        overwritten = self.copy("--overwrite", source=back)
        self.assertEqual(overwritten.returncode, 0, overwritten.stderr)
        self.assertEqual(self.everything(self.process("fifth"), webhooks), before)


if __name__ == "__main__":
    unittest.main()
