"""The REST API against its own OpenAPI document: what a machine that knows nothing else makes of it."""
import base64
import json
import os
import re
import subprocess
import time
import unittest

from rest import DOCUMENTED
from service import ROOT, ServiceTestCase, report

# For the Python that has what it takes; this one may have nothing but its own library. Prints how many examples there
# are.
VALIDATE = """
import json, sys
import jsonschema, openapi_spec_validator
document = json.load(sys.stdin)
openapi_spec_validator.validate(document)

def resolve(part):
    while "$ref" in part:
        reference, part = part["$ref"], document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    return part

def check(schema, example):
    global checked
    checked += 1
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(example)

def walk(part):
    if isinstance(part, list):
        for item in part:
            walk(item)
    if isinstance(part, dict):
        for name, item in part.items():
            if name not in ("example", "examples"):
                walk(item)
        if isinstance(part.get("schema"), dict):
            for example in part.get("examples", {}).values():
                check(part["schema"], resolve(example)["value"])
            if "example" in part:
                check(part["schema"], part["example"])
        elif isinstance(part.get("examples"), list):
            for example in part["examples"]:
                check(part, example)

checked = 0
walk(document)
print(checked)
"""


class OpenAPI(ServiceTestCase):
    def setUp(self):
        super().setUp()
        # Targets are made up, and must not be called. Everything goes to the receiver as a proxy, which answers itself
        # and opens no tunnels; with a proxy, the service looks no names up. `--allow-private-targets` alone would let public
        # addresses through.
        proxy = self.receiver()
        self.api = self.service("--verify-target", "false", "--allow-private-targets", "127.0.0.0/8",
                                "--proxy", f"http://127.0.0.1:{proxy.port}")
        self.base = self.api.url + "/api/v1"

    def python(self, *modules):
        """A Python that has these."""
        python = os.environ.get("WEBHOOK_SVC_PYTHON") or str(ROOT / ".build" / "interop" / "bin" / "python3")
        try:
            subprocess.run([python, "-c", f"import {', '.join(modules)}"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest(f"no {' or '.join(modules)} in {python}: .ci/install puts them there, or name a Python that "
                          "has them in WEBHOOK_SVC_PYTHON")
        return python

    def request(self, method, path, headers=None, body=None):
        connection = self.api.connection()
        self.addCleanup(connection.close)
        connection.request(method, "/api/v1" + path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    @property
    def document(self):
        status, _, body = self.request("GET", "/openapi.json")
        self.assertEqual(status, 200)
        return json.loads(body)

    def operations(self):
        """Method, path, and whether it needs credentials; what a path leaves open is filled with what is not there."""
        for path, item in self.document["paths"].items():
            for method in item.keys() - {"parameters"}:
                filled = path.replace("{eventName}", "nobody.listens")
                yield method.upper(), re.sub(r"\{\w+\}", "2147483647", filled), item[method].get("security") != []

    def assertError(self, answer, status, kind):
        self.assertEqual(answer[0], status, answer[2])
        self.assertEqual(answer[1]["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(answer[1]["Cache-Control"], "no-store")
        error = json.loads(answer[2])
        self.assertEqual(list(error), ["Error", "ErrorType", "ErrorMessage", "ErrorSource"])
        self.assertEqual((error["Error"], error["ErrorType"]), (True, kind))

    def test_the_openapi_document_and_its_examples_are_valid(self):
        python = self.python("openapi_spec_validator", "jsonschema")
        for document in (self.document, json.loads((ROOT / "Sources/NetServerREST/openapi.json").read_text())):
            ran = subprocess.run([python, "-c", VALIDATE], input=json.dumps(document), capture_output=True, text=True,
                                 timeout=60)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertGreater(int(ran.stdout), 40)

    def test_the_openapi_document_is_for_the_host_that_was_asked(self):
        self.assertEqual(self.document["servers"], [{"url": self.base}])
        _, _, body = self.request("GET", "/openapi.json", {"Host": "crm.example.com:8080"})
        self.assertEqual(json.loads(body)["servers"], [{"url": "http://crm.example.com:8080/api/v1"}])

    def test_the_openapi_document_has_every_route(self):
        status, _, body = self.request("GET", "")
        self.assertEqual(status, 200)

        def webhook_routes(routes):
            return {re.sub(r"\{\w+\}", "{}", route).lower() for route in routes if "webhook" in route.lower()}
        documented = [f"{method} {self.base}{path}" for path, item in self.document["paths"].items()
                      for method in item.keys() - {"parameters"}]
        listed = [f"{method} {url}" for url, methods in json.loads(body).items() for method in methods]
        self.assertEqual(webhook_routes(listed), webhook_routes(documented))
        self.assertEqual(len(webhook_routes(documented)), 26)

    def test_every_operation_of_webhooks_asks_for_credentials(self):
        known = 0
        for method, path, is_protected in self.operations():
            # None, a wrong one, and a cookie without the header that goes with it. Few passwords: wrong ones take time.
            for headers in [{}, {"Authorization": "SoTicket 7T:AAAA"}, {"Cookie": "SoSession=7T:1234abcxyzExample=="}]:
                with self.subTest(f"{method} {path}", headers=headers):
                    answer = self.request(method, path, headers)
                    if is_protected:
                        self.assertError(answer, 401, "SoSessionException")
                        challenges = ", ".join(answer[1].get_all("WWW-Authenticate"))
                        self.assertEqual(challenges, 'Basic realm="webhook-svc", charset="UTF-8", SoTicket, Bearer')
                        self.assertNotIn("Set-Cookie", answer[1])
                        known += 1
                    else:
                        self.assertEqual(answer[0], 200)
        self.assertEqual(known, 19 * 3)
        for scheme in ("Basic " + base64.b64encode(b"tje0:tje0").decode(), "Bearer nonsense"):
            self.assertError(self.request("GET", "/Webhook", {"Authorization": scheme}), 401, "SoSessionException")

    def test_every_operation_answers_json_when_no_type_fits(self):
        for method, path, _ in self.operations():
            with self.subTest(f"{method} {path}"):
                plain = self.request(method, path, DOCUMENTED)
                answer = self.request(method, path, {**DOCUMENTED, "Accept": "aplication/json, */*;q=0"})
                self.assertEqual((answer[0], answer[2]), (plain[0], plain[2]))
                self.assertEqual(answer[1]["Content-Type"], None if answer[0] == 204 else
                                 "application/json; charset=utf-8")

    def test_schemathesis_finds_nothing_wrong_with_the_rest_api(self):
        python = self.python("schemathesis")
        tally = self.directory / "tally.json"
        files = ROOT / "Tests" / "Interop" / "openapi"
        # The same calls in every run: hence a target without the receiver's port. As the proxy it gets them anyway.
        environment = {**os.environ, "HOOKS": str(files / "hooks.py"), "TARGET": "http://target.example/hook",
                       "TALLY": str(tally), "NO_PROXY": "127.0.0.1", "COLUMNS": "120", "PYTHONHASHSEED": "0"}
        begun = time.monotonic()
        ran = subprocess.run(
            [python, "-m", "schemathesis.cli", "--no-color", "--config-file", files / "schemathesis.toml", "run",
             self.base + "/openapi.json"],
            cwd=self.directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=600)
        seconds = time.monotonic() - begun
        self.assertEqual(ran.returncode, 0, ran.stdout)
        # It takes what it cannot do for done.
        self.assertNotIn("Traceback", ran.stdout)
        summary = ran.stdout.partition("= SUMMARY =")[2]
        self.assertEqual(re.findall(r"✅ (\w+)", summary), ["Examples", "Coverage", "Fuzzing", "Stateful"], ran.stdout)
        counts = json.loads(tally.read_text())
        without = [operation for operation, statuses in counts.items() if not {"200", "204"} & statuses.keys()]
        document = json.loads((ROOT / "Sources/NetServerREST/openapi.json").read_text())
        operations = sum(len(methods.keys() & {"get", "put", "post", "delete", "patch"})
                         for path, methods in document["paths"].items() if path != "/openapi.json")
        self.assertEqual((len(counts), without), (operations, []), "each has succeeded")
        self.assertEqual(self.api.process.poll(), None, "the service still runs")
        total = sum(sum(statuses.values()) for statuses in counts.values())
        refused = sum(statuses.get("400", 0) for statuses in counts.values())
        report(f"{total} calls in {seconds:.0f} s, {refused} of them refused as wrong")


if __name__ == "__main__":
    unittest.main()
