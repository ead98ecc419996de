"""Configuration files: every mistake is named with its place, and secrets may stand in files of their own."""
import json
import os
import pathlib
import re
import unittest

from callers import CallerTestCase
from certificates import Certificate
from configurations import hosted, password_hash, user
from service import free_port, run
from soap import Caller


class ConfigurationFileTests(CallerTestCase):
    def write(self, config, name="config.json"):
        path = self.directory / name
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
        return str(path)

    def check(self, config, *problems):
        """Checks that `config check` finds these problems and no others, each in a line of its own that begins with its
        place; that `serve` stops at the first with one line; and that what is secret is in neither."""
        path = self.write(config)
        checked = run("config", "check", path)
        places = [re.match(r"(?:webhook-svc: )?(?:config: )?([\w.\[\]]+): ", line) for line in
                  (checked.stdout + checked.stderr).splitlines()]
        self.assertEqual(checked.returncode, 1, checked.stdout + checked.stderr)
        self.assertEqual(sorted(place and place.group(1) for place in places), sorted(problems),
                         checked.stdout + checked.stderr)
        started = run("serve", "--config", path, "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:")
        self.assertEqual(started.returncode, 64, started.stderr)
        self.assertEqual(len(started.stderr.splitlines()), 1, started.stderr)
        flags = [re.sub("[A-Z]", lambda letter: "-" + letter.group().lower(), problem) for problem in problems]
        self.assertTrue(any(f"{problem}: " in started.stderr for problem in [*problems, *flags]), started.stderr)
        for secret in re.findall(r"s3cret[\w$]*", path and pathlib.Path(path).read_text()):
            self.assertNotIn(secret, checked.stdout + checked.stderr + started.stderr)

    def test_every_mistake_in_a_configuration_file_is_named_with_its_place(self):
        right = user("anna", 5)
        self.check(
            {
                "listne": "127.0.0.1:1", "retryDelays": "soon", "deliveryConcurrency": "many", "requireHttpsTargets": 17,
                "logLevel": "loud", "ticketLifetime": "0s", "requireRight": "some", "trustedProxy": "10.0.0.0/99",
                "adminToken": "file:no-such-file", "publicUrl": {"host": "x"}, "installation": "hosted",
                "tenants": [
                    {"id": "Cust1", "name": "Customer",
                     "applications": [{"token": "s3cretToken", "name": "A"}, {"token": "s3cretToken", "name": "B"},
                                      {"token": "s3cretOther", "name": "A"}, {"name": "C"}, {"token": 5, "name": "D"},
                                      {"token": "", "name": "E"}, {"token": "file:empty", "name": "F"},
                                      {"token": "s3cretG", "name": "G", "secret": "x"}],
                     "users": [right, {**right, "name": "bo", "passwordHash": "s3cretPassword"},
                               {**right, "name": "ANNA"}, {**right, "name": "cy", "associateId": "six"},
                               {"name": "di", "associateId": 7}, {**right, "name": "ed", "rights": ["webhooks", "fly"]},
                               {**right, "name": "fi", "rights": "webhooks"}, {**right, "name": "gi", "personId": 1.5},
                               {**right, "name": "hi", "passwordHash": "scrypt$ln=40,r=8,p=3$c2FsdHNhbHQ=$s3cret"},
                               {**right, "name": "ju", "mail": "ju@example.com"},
                               {**right, "name": "ki", "passwordHash": "file:secrets/ki.hash"},
                               {"passwordHash": right["passwordHash"], "associateId": 9},
                               {**right, "name": "li", "secondaryGroups": [1, "two"]}],
                     "accessTokens": [{"token": "s3cretAccess", "user": "anna", "application": "B"},
                                      {"token": "s3cretAccess", "user": "bo", "application": "B"},
                                      {"token": "s3cretNobody", "user": "nobody", "application": "Z"},
                                      {"token": "s3cretNo", "application": "B"}, {"token": "s3cretOn", "user": "anna"}]},
                    {"id": "cust1", "users": [right]}, {"id": "Cust 3", "users": []}, {"id": "api", "users": []},
                    {"id": "Cust5", "users": {"anna": right}},
                ],
            },
            "listne", "retryDelays", "deliveryConcurrency", "requireHttpsTargets", "logLevel", "ticketLifetime", "requireRight",
            "trustedProxy", "adminToken", "publicUrl", "tenants[0].name", "tenants[0].applications[1].token",
            "tenants[0].applications[2].name", "tenants[0].applications[3].token", "tenants[0].applications[4].token",
            "tenants[0].applications[5].token", "tenants[0].applications[6].token", "tenants[0].applications[7].secret",
            "tenants[0].users[1].passwordHash", "tenants[0].users[2].name", "tenants[0].users[3].associateId",
            "tenants[0].users[4].passwordHash", "tenants[0].users[5].rights[1]", "tenants[0].users[6].rights",
            "tenants[0].users[7].personId", "tenants[0].users[8].passwordHash", "tenants[0].users[9].mail",
            "tenants[0].users[10].passwordHash", "tenants[0].users[11].name", "tenants[0].users[12].secondaryGroups[1]",
            "tenants[0].accessTokens[1].token", "tenants[0].accessTokens[2].user", "tenants[0].accessTokens[3].user",
            "tenants[0].accessTokens[2].application", "tenants[0].accessTokens[4].application", "tenants[1].id", "tenants[2].id", "tenants[3].id", "tenants[4].users")

    def test_one_mistake_in_a_configuration_file_neither_hides_nor_makes_another(self):
        right = user("anna", 5)
        certificate = Certificate(self.directory, "listener")
        for config, problems in [
            # What is missing on a hosted installation comes late, other settings come later.
            ({"installation": "hosted", "tenants": [{"users": [right]}], "retryDelays": "soon"},
             ["tenants[0].id", "retryDelays"]),
            ({"installation": "hosted", "tenants": [{"users": [{**right, "passwordHash": "s3cret"}]}, {"users": [right]}]},
             ["tenants[0].id", "tenants[0].users[0].passwordHash", "tenants[1].id"]),
            # The certificate is there and right.
            ({"tlsCert": certificate.certificate, "tlsKey": f"{self.directory}/none.key"}, ["tlsKey"]),
            ({"tlsCert": f"{self.directory}/none.pem", "tlsKey": certificate.key}, ["tlsCert"]),
            # Places are those in the file, whatever stands before.
            ({"tenants": [{"users": ["anna", right, right]}]}, ["tenants[0].users[0]", "tenants[0].users[2].name"]),
            ({"tenants": [{"id": "Cust1", "users": []}]}, ["tenants"]),
            ({"tenants": [{"users": []}, {"users": []}]}, ["tenants"]),
            ({"tenants": []}, ["tenants"]), ({"tenants": "s3cret"}, ["tenants"]),
            ({"installation": "elsewhere"}, ["installation"]), ({"installation": "hosted"}, ["installation"]),
        ]:
            with self.subTest(config):
                self.check(config, *problems)
        for text in ("", "{", "[]", '{"tenants": [}', '"s3cret"'):
            with self.subTest(text):
                self.check(text, "config")
        missing = run("config", "check", f"{self.directory}/none.json")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("none.json", missing.stdout + missing.stderr)

    def test_secrets_in_files_are_found_beside_the_configuration_file(self):
        home = self.directory / "etc"
        (home / "secrets").mkdir(parents=True)
        for name, content in [("erp.token", "erp's token\n"), ("anna.hash", password_hash("anna's") + "\r\n"),
                              ("nightly.token", "  8A:nightly  "), ("admin.token", "adm1n\n")]:
            (home / "secrets" / name).write_text(content)
        config = hosted({"id": "Cust1", "applications": [{"token": "file:secrets/erp.token", "name": "ERP"}],
                         "accessTokens": [{"token": f"file:{home}/secrets/nightly.token", "user": "anna",
                                           "application": "ERP"}],
                         "users": [user("anna", 5, passwordHash="file:./secrets/anna.hash")]},
                        adminToken="file:secrets/admin.token")
        path = self.write(config, "etc/config.json")
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        for arguments, directory in [([path], elsewhere), (["../etc/config.json"], elsewhere), (["config.json"], home)]:
            checked = run("config", "check", *arguments, cwd=directory)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
            self.assertEqual(checked.stdout.splitlines(), [f"{arguments[0]} is fine"])
        service = self.service("--config", path)
        caller = Caller(service, "Cust1", "erp's token")
        self.assert_login(caller.authenticate("anna", "anna's"), Associate="anna")
        self.assert_login(caller.use_access_token("8A:nightly"), Associate="anna")
        for token, status in [("adm1n", 200), ("file:secrets/admin.token", 401)]:
            headers = {"Authorization": f"Bearer {token}"}
            self.assertEqual(service.request("GET", "/admin/v1/tickets", headers=headers)[0], status)
        self.assert_refused(Caller(service, "Cust1", "file:secrets/erp.token"), "application token")

    def test_the_example_configuration_is_served_once_its_files_are_there(self):
        printed = run("config", "example")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        example = json.loads(printed.stdout)
        path = self.write(printed.stdout)
        references = []

        def find(value, key=None):
            for name, item in (value.items() if isinstance(value, dict) else enumerate(value)):
                if isinstance(item, (dict, list)):
                    find(item, name)
                elif isinstance(item, str) and item.startswith("file:"):
                    references.append((name, item.removeprefix("file:")))

        find(example)
        self.assertTrue(example["tenants"] and references, "it shows tenants, and secrets in files")
        self.assertEqual(run("config", "check", path).returncode, 1, "the files are not there yet")
        hash = run("hash-password", input="pass\n").stdout
        for name, reference in references:
            self.assertFalse(os.path.isabs(reference), reference)
            file = self.directory / reference
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(hash if name == "passwordHash" else f"token-{reference}\n")
        checked = run("config", "check", path)
        self.assertEqual((checked.returncode, checked.stdout), (0, f"{path} is fine\n"), checked.stderr)
        service = self.service("--config", path)
        first = example["tenants"][0]
        token, = [reference for _, reference in references if f"file:{reference}" == first["applications"][0]["token"]]
        caller = Caller(service, first["id"], f"token-{token}")
        self.assert_login(caller.authenticate(first["users"][0]["name"], "pass"))


if __name__ == "__main__":
    unittest.main()
