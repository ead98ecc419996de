"""Nothing that opens something stands where people look who may not have it."""
import base64
import json
import secrets
import socket
import unittest

from callers import CallerTestCase
from configurations import LOCAL_TARGETS, hosted, password_hash, user
from rest import Rest, basic
from service import PATIENCE, free_port, report, run
from soap import FORMS, Caller, message


class SecretTests(CallerTestCase):
    def test_no_secret_is_in_logs_metrics_admin_answers_or_command_output(self):
        known = {}  # Every secret, by what it is.

        def secret(what, prefix=""):
            return known.setdefault(what, prefix + secrets.token_hex(10))

        def remember(what, value):
            known[what] = value
            return value

        hashes = {name: remember(f"hash of {name}", password_hash(secret(f"password of {name}"))) for name in ("anna", "bo")}
        target, failing = self.receiver(secret("webhook's secret")), self.receiver(statuses=[500] * 20)
        config = hosted(
            {"id": "Cust1", "applications": [{"token": secret("application token", "app-"), "name": "ERP"}],
             "accessTokens": [{"token": secret("access token", "8A:"), "user": "anna", "application": "ERP"}],
             "users": [user(name, n + 5, passwordHash=hash) for n, (name, hash) in enumerate(hashes.items())]},
            adminToken=secret("admin token"))
        service = self.service("--log-level", "trace", "--retry-delays", "10ms", "--retry-cycles", "1",
                               "--trusted-proxy", "127.0.0.0/8", config=config)
        shown = {}  # Every place to look in.

        def source():
            return {"X-Forwarded-For": f"203.0.113.{len(known)}"}

        # Logins, right and wrong.
        caller = Caller(service, "Cust1", known["application token"])
        for form in FORMS:
            caller.form = form
            answer = caller.authenticate("anna", known["password of anna"])
            caller.ticket = remember(f"ticket in {form}", self.assert_login(answer))
        caller.form = "soap11"
        remember("ticket of the access token", self.assert_login(caller.use_access_token(known["access token"])))
        self.assert_login(caller.authenticate_generic(Type="ticket", Ticket=caller.ticket))
        for name in ("anna", "bo", "stranger"):
            self.assert_no_login(caller.authenticate(name, secret(f"wrong password of {name}"), headers=source()))
        self.assert_no_login(caller.use_access_token(secret("wrong access token", "8A:"), headers=source()))
        self.assert_no_login(caller.authenticate_generic(Type="ticket", Ticket=secret("wrong generic ticket", "7T:")))
        forged = base64.b64encode(f"{secrets.token_hex(16)};5;Cust1".encode("utf-16-le")).decode()
        for wrong in (remember("forged ticket", "7T:" + forged), secret("wrong ticket", "7T:")):
            self.assert_refused(Caller(service, "Cust1", caller.token, wrong), "ticket")
        wrong = Caller(service, "Cust1", secret("wrong application token", "app-"), caller.ticket)
        self.assert_refused(wrong, "application token")
        self.assert_error(wrong.authenticate("anna", known["password of anna"]), "SoSessionException", "application token")

        # Webhooks with secrets, headers and a password in their URL; deliveries that succeed and that fail.
        headers = [("X-Api-Key", secret("own header")), ("Authorization", f"Bearer {secret('own authorization')}")]
        url = target.url.replace("://", f"://hook:{secret('password in a URL')}@")
        caller.save(url, "order.paid", secret=known["webhook's secret"], headers=headers, name="webhook-with-secrets")
        caller.save(failing.url, "order.paid", secret=secret("failing webhook's secret"), headers=headers)
        hook = (f"<Webhook><Name>x</Name><TargetUrl>nonsense</TargetUrl><Secret>{secret('refused secret')}</Secret><Headers>"
                f"<StringKeyValuePair><Key>X Key</Key><Value>{secret('refused header')}</Value></StringKeyValuePair>"
                "</Headers></Webhook>")
        self.assert_error(caller.call(f"<SaveWebhook>{hook}</SaveWebhook>"), "SoValidationException", "TargetUrl")
        self.assert_error(caller.call(f"<TestWebhook>{hook}</TestWebhook>"), "SoValidationException", "TargetUrl")
        caller.signal("order.paid", 7)
        self.assertTrue(target.wait(1)[0]["signed"])
        self.assertEqual(target.requests[0]["headers"]["X-Api-Key"], known["own header"])
        failing.wait(2)
        token = {"Authorization": f"Bearer {known['admin token']}"}
        self.assertEqual(service.request("GET", "/admin/v1/idle?timeout=30s", headers=token)[0], 200)

        # Messages that are wrong, with credentials in them.
        fields, right = message("<GetAllWebhooks/>", ticket=caller.ticket, token=caller.token)
        path = "/Cust1/Remote/Services87/Webhook.svc"
        for body, headers in [
            (right[:-20], fields), (right.replace(b"<s:Body>", b"<s:Body><s:Body>"), fields),
            (right.replace(b"<Ticket>", b"<Ticket><b>"), fields), (b"<!DOCTYPE x>" + right, fields),
            (right.replace(b"xmlsoap.org", b"example.org"), fields), (right, {"Content-Type": "text/plain"}),
            (right, {**fields, "SOAPAction": f'"{caller.ticket}"'}),
            (right, {**fields, "Authorization": f"SoTicket {caller.ticket}", "Cookie": f"Ticket={caller.ticket}"}),
            (right.replace(b"<GetAllWebhooks/>", f"<x>{caller.ticket}</x>".encode()), fields),
            (right.replace(b"<GetAllWebhooks/>", b"<GetWebhook><WebhookId>%s</WebhookId></GetWebhook>"
                           % caller.ticket.encode()), fields),
            (right.replace(b"</Ticket>", "</Ticket>\u0000".encode()), fields), (right * 2, fields),
            (b'<?xml version="1.0" encoding="utf-99"?>' + right, fields),
        ]:
            service.request("POST", path, body, headers)
        for line in (b"POST /Cust1 " + caller.ticket.encode() + b"\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization : " + caller.ticket.encode() + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
                connection.sendall(line)
                try:
                    connection.recv(1000)
                except OSError:
                    pass  # It may be cut off for that.

        # The admin API, with the token and without, and the commands.
        listed = json.loads(service.request("GET", "/admin/v1/deliveries", headers=token)[1])["deliveries"]
        self.assertEqual({delivery["state"] for delivery in listed}, {"delivered", "failed"})
        for call in ["GET idle?timeout=30s", "GET webhooks", "GET webhooks/1/usage", "GET webhooks/2/usage", "GET tickets",
                     "GET tickets?user=anna", "GET deliveries", *[f"GET deliveries/{d['id']}" for d in listed],
                     "GET deliveries/nothing", "GET tickets?nothing=1", "POST tickets/revoke", "POST reset",
                     "POST tickets/revoke?user=nobody", f"POST deliveries/{listed[0]['id']}/replay"]:
            method, name = call.split()
            status, body = service.request(method, "/admin/v1/" + name, headers=token)
            shown[f"answer to {call}"] = body.decode()
            self.assertNotEqual(status, 401)
        service.request("GET", "/admin/v1/tickets", headers={"Authorization": f"Bearer {secret('wrong admin token')}"})
        for arguments in (["webhooks", "list"], ["deliveries", "list"], ["deliveries", "show", listed[0]["id"]],
                          ["tickets", "list"], ["tickets", "revoke", "--user", "nobody"]):
            for given in (known["admin token"], known["wrong admin token"]):
                ran = run(*arguments, "--url", service.url, "--admin-token", given)
                self.assertEqual(ran.returncode == 0, given == known["admin token"], ran.stderr)
                shown[f"output of {' '.join(arguments)} ({ran.returncode})"] = ran.stdout + ran.stderr

        # Files that the service does not start with.
        for number, broken in enumerate([
            {"adminTokn": secret("misplaced admin token")}, {"adminToken": {"value": secret("admin token in an object")}},
            {"tenants": [{"users": [user("anna", 5, passwordHash=hashes["anna"][:-6] + secret("hash that is none"))]}]},
            {"tenants": [{"users": [user("anna", 5)], "accessTokens": [
                {"token": secret("token of nobody", "8A:"), "user": "nobody"}] * 2}]},
            {"tenants": [{"users": [user("anna", 5, password=secret("password in the clear"))]}]},
            {"proxy": f"ftp://proxy:{secret('proxy password')}@127.0.0.1:3128"},
            '{"adminToken": "' + secret("token in a file that ends early"),
        ]):
            file = self.directory / f"broken{number}.json"
            file.write_text(broken if isinstance(broken, str) else json.dumps(broken))
            for arguments, code in ((["config", "check", str(file)], 1),
                                    (["serve", "--config", str(file), "--store", "memory:", "--log-level", "trace",
                                      "--listen", f"127.0.0.1:{free_port()}"], 64)):
                ran = run(*arguments)
                self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
                shown[f"{arguments[0]} with broken file {number}"] = ran.stdout + ran.stderr

        shown["metrics"] = service.request("GET", "/metrics")[1].decode()
        self.assertEqual(service.stop(), 0)
        shown["log"] = service.log_text()

        # What was looked at is what was meant.
        self.assertEqual(len([line for line in shown["log"].splitlines() if "login failed" in line]), 5)
        self.assertRegex(shown["log"], " (trace|debug) ")
        self.assertIn("webhook_svc_login_attempts_total", shown["metrics"])
        self.assertIn("webhook-with-secrets", shown["answer to GET webhooks"])
        self.assertIn("webhook-with-secrets", shown["output of webhooks list (0)"])
        self.assertIn("anna", shown["answer to GET tickets"])
        self.assertIn("anna", shown["output of tickets list (0)"])
        self.assertIn("order.paid", shown["output of deliveries list (0)"])
        self.assertIn("X-Api-Key", "".join(shown.values()), "of own headers, the names are shown")
        for what in [what for what in known if "ticket" in what and known[what].startswith("7T:")]:
            try:
                text = base64.b64decode(known[what][3:], validate=True).decode("utf-16-le")
            except ValueError:
                continue
            remember(f"content of {what}", text.split(";")[0])
        found = [f"{what} in {place}" for what, value in known.items() for place, text in shown.items()
                 if any(form in text for form in (value, value.encode().hex(), base64.b64encode(value.encode()).decode()))]
        self.assertEqual(found, [])
        report(f"{len(known)} secrets, looked for in {len(shown)} places, {sum(map(len, shown.values()))} characters, "
               f"{len(shown['log'].splitlines())} lines of log")

    def test_the_log_keeps_every_secret_at_its_most_talkative(self):
        secrets = {"password": "pässw0rd-s3cret", "access token": "8A:t0ken-s3cret", "webhook": "h00k-s3cret",
                   "wrong password": "wr0ng-s3cret", "wrong token": "8A:wr0ng-s3cret", "application": "app-s3cret",
                   "header": "header-s3cret", "broken": "br0ken-s3cret"}
        config = {**LOCAL_TARGETS, "tenants": [{
            "users": [user("anna", 5, passwordHash=password_hash(secrets["password"]))],
            "accessTokens": [{"token": secrets["access token"], "user": "anna"}]}]}
        receiver, service = self.receiver(secrets["webhook"]), self.service("--log-level", "trace", config=config)
        anna = basic("anna", secrets["password"])
        rest = Rest(service, {**anna, "SO-AppToken": secrets["application"]})
        answer = rest.call("GET", "/Webhook")
        self.assertEqual(answer.status, 200)
        (session, _), (token, _) = answer.cookies["SoSession"], answer.cookies["XSRF-TOKEN"]
        rest.save(receiver.url, "a.b", Secret=secrets["webhook"], Headers={"X-Key": secrets["header"]})
        self.assertEqual(rest.call("POST", "/Webhook/a.b/1").status, 204)
        self.assertTrue(receiver.wait(1)[0]["signed"])
        for headers, status in [
            ({"Authorization": f"SoTicket {session}"}, 200), ({"Authorization": f"Bearer {session}"}, 200),
            ({"Authorization": f"Bearer {secrets['access token']}"}, 200),
            ({"Cookie": f"SoSession={session}; XSRF-TOKEN={token}", "X-XSRF-TOKEN": token}, 200),
            ({"Cookie": f"SoSession={session}"}, 401), (basic("anna", secrets["wrong password"]), 401),
            ({"Authorization": f"Bearer {secrets['wrong token']}"}, 401),
            ({"Authorization": "SoTicket 7T:s3cret"}, 401),
            ({"Authorization": "Basic " + base64.b64encode(b"s3cret").decode()}, 401),
        ]:
            self.assertEqual(Rest(service, headers).call("GET", "/Webhook").status, status, headers)
        for body in ['{"Secret": "' + secrets["broken"], {"Secret": [secrets["broken"]]},
                     {"Events": [], "TargetUrl": "", "Secret": secrets["broken"]}]:
            self.assertEqual(rest.call("POST", "/Webhook", body).status, 400)
        self.assertIsNotNone(service.wait_for_log("login failed"), "it does log")
        service.stop()
        log = service.log_text()
        self.assertIn(" debug ", log, "it is talkative")
        held = {**secrets, "session": session, "token": token, "credentials": anna["Authorization"].split()[1],
                "any": "s3cret"}
        for name, secret in held.items():
            self.assertNotIn(secret, log, name)


if __name__ == "__main__":
    unittest.main()
