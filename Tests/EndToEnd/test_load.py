"""What many webhooks, many targets and few descriptors do to the release binary."""
import contextlib
import json
import re
import socket
import sqlite3
import time
import unittest

from many_webhooks import multiply
from receiver_process import ReceiverProcess
from rest import DOCUMENTED
from service import ServiceTestCase, report
from soap import WEBHOOK_PATH, XML_HEADERS, envelope


class Load(ServiceTestCase):
    def multiply(self, count):
        """Makes `count` webhooks of the one that there is, in the database of a service that does not run."""
        with contextlib.closing(sqlite3.connect(self.directory / "test.db")) as database, database:
            multiply(database.execute, lambda table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")], count)

    def test_a_list_of_a_hundred_thousand_webhooks_is_whole_and_never_in_memory_as_a_whole(self):
        count = 100_000
        service = self.service("--verify-target", "false")
        service.save("http://127.0.0.1:9/hook", ["sale.changed"], secret="s" * 100, name="one of many")
        service.stop()
        self.multiply(count)
        service.start()
        cases = [("SOAP", "POST", WEBHOOK_PATH, envelope("<GetAllWebhooks/>"), XML_HEADERS, rb"<WebhookId>(\d+)<", b"</s:Envelope>"),
                 ("JSON", "GET", "/api/v1/Webhook", None, DOCUMENTED, rb'"WebhookId":(\d+)', b"]"),
                 ("XML", "GET", "/api/v1/Webhook", None, {**DOCUMENTED, "Accept": "application/xml"}, rb"<WebhookId>(\d+)<",
                  b"</ArrayOfWebhook>"),
                 ("counters", "GET", "/api/v1/Archive/dynamic", None, DOCUMENTED, rb'"PrimaryKey":(\d+)', b"]}"),
                 ("admin", "GET", "/admin/v1/webhooks", None, {}, rb'"webhookId":(\d+)', b"]}")]
        for name, method, path, body, headers, pattern, end in cases:
            with self.subTest(name):
                service.forget_peak()
                before = service.resident_megabytes()
                status, answer = service.request(method, path, body, headers)
                peak, size = service.peak_megabytes(), len(answer) / (1 << 20)
                report(f"{name}: {size:.0f} MB, {before:.0f} -> {peak:.0f} MB")
                self.assertEqual(status, 200)
                self.assertEqual([int(number) for number in re.findall(pattern, answer)], list(range(1, count + 1)))
                self.assertTrue(answer.endswith(end))
                self.assertLess(peak - before, size / 2)

    def test_a_list_of_webhooks_is_not_made_while_its_client_does_not_read(self):
        service = self.service("--verify-target", "false")
        service.save("http://127.0.0.1:9/hook", ["sale.changed"], secret="s" * 100)
        service.stop()
        self.multiply(20_000)
        service.start()
        before = service.resident_megabytes()
        connections = [self.connection(service) for _ in range(50)]
        for connection in connections:
            connection.sock = socket.socket()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # Little fits in between.
            connection.sock.settimeout(60)
            connection.sock.connect(("127.0.0.1", service.port))
            connection.request("GET", "/api/v1/Webhook", headers=DOCUMENTED)
        service.wait_until_quiet(120)
        peak = service.peak_megabytes()
        # One that reads on gets all of it.
        answer = connections[0].getresponse().read()
        self.assertEqual(len(json.loads(answer)), 20_000)
        whole = len(connections) * len(answer) / (1 << 20)
        report(f"{len(connections)} clients with an unread list of 20,000 webhooks, {whole:.0f} MB in all: "
               f"{before:.0f} -> {peak:.0f} MB")
        self.assertLess(peak - before, whole / 10)

    def test_a_fan_out_to_two_thousand_addresses_arrives_with_512_descriptors(self):
        count = 2_000
        self.allow_open_files(count + 1_000)
        receiver = ReceiverProcess(hosts=count)
        self.addCleanup(receiver.close)
        service = self.service("--verify-target", "false", open_files=512)
        self.assertIsNotNone(service.wait_for_log("few open files are allowed"))
        for number in range(count):
            service.save(receiver.host_url(number), ["sale.changed"])
        begun = time.perf_counter()
        service.signal("sale.changed")
        self.assert_idle(service)
        seconds = time.perf_counter() - begun
        self.assertIsNone(service.process.poll())
        report(f"{count} targets with 512 descriptors: {seconds:.1f} s")
        self.assertEqual(receiver.arrivals()[0], count)
        webhooks = json.loads(service.request("GET", "/api/v1/Webhook", headers=DOCUMENTED)[1])
        self.assertEqual({(webhook["TotalCalls"], webhook["TotalErrors"]) for webhook in webhooks}, {(1, 0)})
        self.assertEqual(service.stop(), 0)

    def test_callers_who_take_all_descriptors_there_are_do_not_end_the_process(self):
        service = self.service(open_files=512)
        self.allow_open_files(1_500)
        connections = []
        for number in range(1_000):
            connection = service.connection(f"127.0.0.{2 + number % 10}")
            connection.connect()
            connections.append(connection)
            self.addCleanup(connection.close)
        for _ in range(30):
            self.assertEqual(service.request("GET", "/healthz")[0], 200)
            self.assertEqual(service.call("<GetAllWebhooks/>")[0], 200)
            time.sleep(0.1)
        self.assertEqual(service.stop(), 0)

    def test_too_few_descriptors_stop_the_start_with_a_line(self):
        with self.assertRaisesRegex(RuntimeError, "ended with 1"):
            self.service(open_files=200)
        log = (self.directory / "service.log").read_text()
        self.assertRegex(log, r"may have 200 open files \(RLIMIT_NOFILE\) and needs 256; .*ulimit -n.*LimitNOFILE=")
        self.assertEqual(len(log.splitlines()), 1, log)


if __name__ == "__main__":
    unittest.main()
