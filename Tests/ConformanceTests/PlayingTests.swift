import Foundation
import Testing
import XML

@testable import Conformance

/// What is sent to a target, and what is kept of its answers.
@Suite("Playing of fixtures")
struct PlayingTests {
    @Test(
        "A target is what stands before /Remote",
        arguments: [
            ("http://127.0.0.1:8087", "http://127.0.0.1:8087"), ("HTTPS://crm.example.com/", "https://crm.example.com"),
            ("https://crm.example.com/Cust12345", "https://crm.example.com/Cust12345"),
            ("http://h/Cust1/remote/Services87/Webhook.svc?wsdl", "http://h/Cust1"),
            ("http://[::1]:80/", "http://[::1]:80"),
            ("https://h/Remote", "https://h"), ("https://h/RemoteOffice", "https://h/RemoteOffice"),
        ]
    )
    func target(text: String, base: String) throws {
        #expect(try ConformanceTarget(text).base == base)
    }

    @Test(
        "What is no URL of a target is refused",
        arguments: ["", "crm", "ftp://h", "http://", "http://u:p@h/", "http://h:99999", "http://h:0"]
    )
    func noTarget(text: String) {
        #expect(throws: ConformanceError.invalidTarget(text)) { try ConformanceTarget(text) }
    }

    @Test("A capture is sent with the target's path, host and credentials, and touches nobody's webhook")
    func capture() throws {
        let body = """
            <e><T>7T:ticket-1</T><A>apptoken-1</A><WebhookId i:type="x">103</WebhookId>\
            <U>http://127.0.0.1:34807/hook/php-soap12</U><E>contact.created</E></e>
            """
        let text = """
            POST http://old/Remote/Services87/Webhook.svc HTTP/1.0\r\nHost: old:1\r\nX-Odd:kept\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
        let request = try RawRequest(parsing: Array(text.utf8))
        let target = try ConformanceTarget("https://new.example.com:8443/Cust1")
        let sent = request.readdressed(to: target, ticket: "7T:a&b", token: "t", receiver: "https://r/ok")
        let again = try RawRequest(parsing: sent)
        #expect(again.requestLine == "POST /Cust1/Remote/Services87/Webhook.svc HTTP/1.0")
        #expect(again.header("Host") == "new.example.com:8443")
        #expect(again.header("X-Odd") == "kept")
        #expect(again.header("Content-Length") == String(again.body.count))
        #expect(
            String(decoding: again.body, as: UTF8.self) == """
                <e><T>7T:a&amp;b</T><A>t</A><WebhookId i:type="x">2147483647</WebhookId><U>https://r/ok</U>\
                <E>fixture.created</E></e>
                """
        )
    }

    @Test("A recorded answer has the fixture's placeholders where they match, and no secret where they do not")
    func template() throws {
        let expected = try XMLDocument(
            parsing: Array("<a xmlns='urn:a'><id>{{int:id}}</id><t>{{time}}</t><n>x</n><any>{{any:xml}}</any></a>".utf8)
        )
        let actual = try XMLDocument(
            parsing: Array(
                """
                <p:a xmlns:p="urn:a" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" \
                xmlns:q="http://www.w3.org/2001/XMLSchema"><p:new i:type="q:string">secret-ticket &amp; more</p:new>\
                <p:id>5</p:id><p:t>2026-01-02T03:04:05Z</p:t><p:n i:nil="1"/><p:other>7T:QUJDREVGR0g=</p:other>\
                <p:when>2026-01-02T03:04:05Z</p:when><p:any><p:b>private</p:b></p:any></p:a>
                """.utf8
            )
        )
        let variables = FixtureVariables(["ticket": "secret-ticket", "id": "5"])
        let bytes = AnswerTemplate.bytes(actual: actual.root, expected: expected.root, variables: variables)
        let root = try XMLDocument(parsing: bytes).root
        #expect(root.namespace == "urn:a")
        #expect(
            root.children.map { "\($0.name)=\($0.text)" } == [
                "new={{ticket}} & more", "id={{int:id}}", "t={{time}}", "n=", "other={{some}}", "when={{time}}",
                "any={{any:xml}}",
            ]
        )
        var replayed = FixtureVariables(["ticket": "secret-ticket"])
        let comparison = XMLComparison(expected: root, actual: actual.root, variables: &replayed)
        #expect(comparison.differences == [], "what was recorded fits what it was recorded of")
    }

    @Test("JUnit's report counts, and holds the differences")
    func junit() throws {
        let scenario = FixtureScenario(name: "life & more", form: .soap11, steps: [])
        let step = FixtureStep(
            name: "GetWebhook",
            service: .webhook,
            number: 87,
            request: "q",
            contentType: "text/xml",
            action: nil,
            status: 200,
            answer: "a",
            source: .wsdl
        )
        let exchange = Exchange(step, of: scenario)
        let difference = XMLDifference(path: "/a", expected: "1", actual: "<2>")
        var report = ConformanceReport(target: "http://h")
        report.add(exchange.played([], compared: "", in: .milliseconds(1500)))
        report.add(exchange.played([difference], compared: "", in: .zero))
        report.add(exchange.skipped(because: "no password"))
        let suites = try XMLDocument(parsing: report.junit).root
        #expect(suites.attribute("tests") == "3")
        #expect(suites.attribute("failures") == "1")
        #expect(suites.attribute("skipped") == "1")
        let suite = try #require(suites.child("testsuite"))
        #expect(suite.attribute("name") == "life & more")
        let cases = Array(suite.children)
        #expect(cases.map { $0.attribute("time") } == ["1.500", "0.000", "0.000"])
        #expect(cases[1].child("failure")?.text == "/a\n  - 1\n  + <2>")
        #expect(cases[2].child("skipped")?.attribute("message") == "no password")
    }
}
