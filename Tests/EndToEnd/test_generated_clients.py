"""Clients that zeep generates from the WSDLs, as a toolkit does that takes nothing but what they declare."""
import json
import os
import re
import subprocess
import unittest

from callers import CallerTestCase
from configurations import hosted, onsite, password_of, tenant, token_of, user
from service import ROOT
from soap import Caller


class GeneratedClientTests(CallerTestCase):
    def test_an_unmodified_zeep_client_logs_in_and_uses_the_webhooks(self):
        users = [user("anna", 5, fullName="Anna Berg", personId=12)]
        for config, tenant_id, token, context in [
            (onsite(*users), None, None, "Default"),
            (hosted(tenant("Cust12345", "ERP", users=users)), "Cust12345", token_of("ERP"), "Cust12345"),
        ]:
            service = self.service(config=config)
            caller = Caller(service, tenant_id, token).log_in("anna")
            for form in ("soap11", "soap12"):
                with self.subTest(f"{form}, {context}"):
                    self.play_zeep(service, caller, form, context)
            service.stop()

    def play_zeep(self, service, caller, form, context):
        target, refusing = self.receiver("zeep's s3crét"), self.receiver(test_status=500)
        event = f"zeep.{form}"
        environment = {
            **os.environ, "BASE": service.url + caller.base.removesuffix("/Remote"), "USER_NAME": "anna",
            "TARGET": target.url, "BAD_TARGET": refusing.url, "SECRET": "zeep's s3crét", "EVENT": event,
            "TYPED_WEBHOOK": str(caller.save(target.url, "zeep.typed")), "WORK": str(self.directory),
            **({"APPLICATION_TOKEN": caller.token} if caller.token else {})}

        def play(password):
            return subprocess.run([ROOT / "Tests" / "Interop" / "zeep" / "run", form], capture_output=True, text=True,
                                  timeout=60, env={**environment, "PASSWORD": password})

        ran = play(password_of("anna"))
        if ran.returncode == 77:
            self.skipTest(ran.stderr)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(len(re.findall(r"(?m)^pass \S+$", ran.stdout)), 20, ran.stdout)
        for text in (f" at {environment['BASE']}/Remote/Services87/Webhook.svc",
                     "logged in as anna (Anna Berg), associate 5", f"of {context}, with the rights ['webhooks']"):
            self.assertIn(text, ran.stdout)
        request = target.wait(1)[0]
        body = json.loads(request["body"])
        self.assertTrue(request["signed"])
        self.assertEqual((body["Event"], body["PrimaryKey"], body["Changes"], body["ContextIdentifier"],
                          body["tall"], body["tekst"], request["headers"]["X-Interop"]),
                         (event, 7, ["navn", "antall"], context, 42, "blåbær & <co>", "a&b"))
        wrong = play("wrong")
        self.assertEqual(wrong.returncode, 1, "the client notices")
        self.assertIn("fail login: AuthenticationSucceeded: found False", wrong.stdout)

    def test_clients_that_zeep_generates_for_each_number_can_call_every_operation(self):
        python = os.environ.get("WEBHOOK_SVC_ZEEP_PYTHON") or str(ROOT / ".build" / "interop" / "bin" / "python3")
        try:
            subprocess.run([python, "-c", "import zeep"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest(f"no zeep in {python}: .ci/install puts it there, or name a Python that has it in "
                          "WEBHOOK_SVC_ZEEP_PYTHON")
        receiver, service = self.receiver(), self.service(dev=True)
        ran = subprocess.run(
            [python, "-B", ROOT / "Tests" / "Interop" / "zeep" / "each_number.py", service.url, receiver.url],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stdout)
        self.assertEqual(ran.stdout.split("\n")[:-1],
                         [f"pass Services{number}" for number in (85, 86, 87, 88)] + ["pass ErrorsEmail"])


if __name__ == "__main__":
    unittest.main()
