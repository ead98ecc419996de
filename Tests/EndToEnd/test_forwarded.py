"""The address that a WSDL names, and who a request is said to come from, with a proxy and without."""
import re
import unittest
import xml.etree.ElementTree

from callers import CallerTestCase
from configurations import hosted, onsite, tenant, user
from soap import Caller


class ForwardedTests(CallerTestCase):
    def address(self, service, path="/Remote/Services87/SoPrincipal.svc", headers=None, query="wsdl"):
        status, body = service.request("GET", f"{path}?{query}", headers=headers)
        self.assertEqual(status, 200)
        xml.etree.ElementTree.fromstring(body)
        address, = re.findall(r'<soap:address location="([^"]*)"', body.decode())
        return address

    def test_each_number_serves_its_own_wsdl_with_the_address_that_was_asked_tenant_included(self):
        service = self.service(config=onsite(user("anna", 5)))
        for number in (85, 86, 87, 88):
            path = f"/Remote/Services{number}/SoPrincipal.svc"
            text = service.request("GET", path + "?wsdl")[1].decode()
            root = xml.etree.ElementTree.fromstring(text)
            self.assertEqual(root.get("targetNamespace"), f"http://www.superoffice.net/ws/crm/NetServer/Services{number}")
            self.assertEqual(set(re.findall(r"Services(\d+)", text)), {str(number)})
            self.assertEqual('name="AuthenticateWithAccessToken"' in text, number > 85)
            self.assertEqual('value="Nullable"' in text, number > 87)
            self.assertEqual(self.address(service, path), service.url + path)
            self.assertEqual(service.request("GET", path + "?singleWsdl")[1].decode(), text)
            soap12 = service.request("GET", path + "?wsdl12")[1].decode()
            self.assertIn('"http://schemas.xmlsoap.org/wsdl/soap12/"', soap12)
            self.assertEqual(self.address(service, path, query="wsdl12"), service.url + path)
        page = service.request("GET", "/Remote/Services87/SoPrincipal.svc")[1].decode()
        self.assertIn(f'href="{service.url}/Remote/Services87/SoPrincipal.svc?wsdl"', page)
        service.stop()

        config = hosted(tenant("Cust12345", "ERP", users=[user("anna", 5)]))
        for flags, base in [((), None), (("--public-url", "https://hooks.example.com/so/"), "https://hooks.example.com/so")]:
            service = self.service(*flags, config=config)
            for name in ("SoPrincipal", "Webhook"):
                for query in ("wsdl", "singleWsdl", "wsdl12"):
                    path = f"/Cust12345/Remote/Services88/{name}.svc"
                    self.assertEqual(self.address(service, path, query=query), (base or service.url) + path)
            service.stop()

    def test_a_trusted_proxy_says_which_address_was_asked(self):
        service, other = [
            self.service("--trusted-proxy", "10.0.0.0/8, 127.0.0.0/8", "--forwarded-header", header, "--store", "memory:",
                         config=hosted(tenant("Cust12345", "ERP", users=[user("anna", 5)])))
            for header in ("x-forwarded", "forwarded")]
        path = "/Cust12345/Remote/Services87/SoPrincipal.svc"
        for headers, base in [
            ({}, service.url),
            ({"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com"},
             "https://hooks.example.com"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com", "X-Forwarded-Port": "8443"},
             "https://hooks.example.com:8443"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com", "X-Forwarded-Port": "443"},
             "https://hooks.example.com"),
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com:9443"},
             "https://hooks.example.com:9443"),
            ({"Host": "hooks.example.com", "X-Forwarded-Proto": "https"}, "https://hooks.example.com"),
            ({"X-Forwarded-Host": "hooks.example.com"}, "http://hooks.example.com"),
            ({"Forwarded": "for=203.0.113.9;proto=https;host=hooks.example.com"}, "https://hooks.example.com"),
            ({"Forwarded": 'For="[2001:db8::7]:4711"; Proto=HTTPS; Host="hooks.example.com:8443"'},
             "https://hooks.example.com:8443"),
            # What the client claims stands before what the proxy adds.
            ({"Forwarded": "for=198.51.100.1;host=evil.example;proto=http, "
                           "for=203.0.113.9;host=hooks.example.com;proto=https"},
             "https://hooks.example.com"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Host": "evil.example, hooks.example.com",
              "X-Forwarded-Proto": "https"}, "https://hooks.example.com"),
            ({"X-Forwarded-Host": 'evil"><x', "X-Forwarded-Proto": "gopher"}, service.url),
        ]:
            with self.subTest(headers):
                asked, ignoring = (other, service) if "Forwarded" in headers else (service, other)
                self.assertEqual(self.address(asked, path, headers), base.replace(service.url, asked.url) + path)
                if "Host" not in headers:
                    self.assertEqual(self.address(ignoring, path, headers), ignoring.url + path)

    def test_headers_of_a_peer_that_is_not_trusted_are_ignored(self):
        for flags in [("--trusted-proxy", "10.0.0.0/8"), ()]:
            service = self.service(*flags, config=onsite(user("anna", 5)))
            for headers in [{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1",
                             "X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1;proto=https;host=evil.example"}]:
                self.assertEqual(self.address(service, headers=headers), service.url + "/Remote/Services87/SoPrincipal.svc")
                self.assert_no_login(Caller(service).authenticate("stranger", "wrong", headers=headers))
            service.stop()
        lines = [line for line in service.log_text().splitlines() if "login failed" in line]
        self.assertEqual(len(lines), 4)
        for line in lines:
            self.assertIn("127.0.0.1", line)
            self.assertNotIn("10.0.0.1", line)

    def test_failed_logins_are_logged_with_user_tenant_and_the_address_that_the_proxy_saw(self):
        services = [self.service("--trusted-proxy", "127.0.0.0/8", "--forwarded-header", header, "--store", "memory:",
                                 config=onsite(user("anna", 5))) for header in ("x-forwarded", "forwarded")]
        for number, (headers, address) in enumerate([
            ({}, "127.0.0.1"), ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.10"}, "203.0.113.10"),
            ({"X-Forwarded-For": "198.51.100.1, 203.0.113.11, 127.0.0.7"}, "203.0.113.11"),
            ({"X-Forwarded-For": "203.0.113.12:51234"}, "203.0.113.12"),
            ({"Forwarded": "for=198.51.100.1, for=203.0.113.13;proto=https"}, "203.0.113.13"),
            ({"Forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7"),
        ]):
            service = services["Forwarded" in headers]
            self.assert_no_login(Caller(service).authenticate(f"stranger{number}", "pass-wörd", headers=headers))
            line = service.wait_for_log(rf"login failed.*stranger{number}\b|stranger{number}\b.*login failed")
            self.assertIsNotNone(line, "there is a line for each")
            for text in (" warning ", address, "Default"):
                self.assertIn(text, line)
            self.assertNotIn("198.51.100.1", line)
        self.assertNotIn("pass-wörd", service.log_text())
        self.assert_no_login(Caller(service, source="127.0.1.1").authenticate("one\ntwo warning : login failed", "wrong"))
        self.assertIsNotNone(service.wait_for_log("login failed.*one|one.*login failed"))
        self.assertNotRegex(service.log_text(), "(?m)^two", "nobody writes lines of their own")


if __name__ == "__main__":
    unittest.main()
