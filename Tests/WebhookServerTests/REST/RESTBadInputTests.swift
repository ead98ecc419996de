import Foundation
import NIOHTTP1
import Testing

@testable import WebhookServer

/// What is wrong with a body is answered with an error object that names it, nothing is stored, and the service goes on
/// serving (docs/contract.md#section-8).
@Suite("REST bad input", .timeLimit(.minutes(10)))
struct RESTBadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: [UInt8]
        let type: String
        let status: Int
        /// What the message names; the place, where there is one.
        let naming: String

        init(
            _ description: String,
            _ body: String,
            _ type: String = "application/json",
            _ status: Int = 400,
            naming: String
        ) {
            self.init(description, Array(body.utf8), type, status, naming: naming)
        }

        init(
            _ description: String,
            _ body: [UInt8],
            _ type: String = "application/json",
            _ status: Int = 400,
            naming: String
        ) {
            testDescription = description
            (self.body, self.type, self.status, self.naming) = (body, type, status, naming)
        }
    }

    /// A webhook that could be saved but for the member that is put first.
    private static func hook(_ member: String) -> String {
        #"{\#(member), "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}"#
    }

    private static func nested(_ open: String, _ close: String, _ depth: Int) -> String {
        String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }

    static let json: [Case] = [
        Case("no JSON", "hello", naming: "line 1, column 1"), Case("a lone brace", "{", naming: "line 1, column 2"),
        Case("an error in a later line", "{\n  \"Name\": ,\n}", naming: "line 2, column 11"),
        Case("a truncated text", hook(#""Name": "x"#).replacing("}", with: ""), naming: "line 1"),
        Case("two values", "{} {}", naming: "line 1, column 4"), Case("XML", "<Webhook/>", naming: "line 1, column 1"),
        Case("an unquoted text", "{Name: hook}", naming: "text needs quotes"),
        Case("a wrong escape", #"{"Name": "\x"}"#, naming: "column 11"),
        Case("U+0000", #"{"Name": "\u0000"}"#, naming: "U+0000"),
        Case("half a pair", #"{"Name": "\ud83d"}"#, naming: "surrogate"),
        Case("a line break in a text", "{\"Name\": \"a\nb\"}", naming: "line 1"),
        Case("NaN", #"{"Properties": {"n": NaN}}"#, naming: "NaN"),
        Case("bytes that are no UTF-8", Array(#"{"Name": ""#.utf8) + [0xFF] + Array(#""}"#.utf8), naming: "UTF-8"),
        Case("an overlong UTF-8", Array(#"{"Name": ""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8), naming: "UTF-8"),
        Case("odd UTF-16", [0xFE, 0xFF, 0x00], naming: "UTF-16"),
        Case("an array", "[]", naming: "object"), Case("a number", "5", naming: "object"),
        Case("a text", #""hook""#, naming: "object"),
        Case("a depth of 65", hook(#""Properties": {"a": \#(nested("[", "]", 63))}"#), naming: "max-depth"),
        Case("a depth of 100,000", nested("[", "]", 100_000), naming: "max-depth"),
        Case("objects of a depth of 100,000", nested(#"{"a":"#, "}", 100_000), naming: "max-depth"),
        Case(
            "a hundred thousand values",
            hook(#""Properties": {"a": [\#(Array(repeating: "1", count: 100_000).joined(separator: ","))]}"#),
            naming: "values"
        ),
        Case("a text that is not text", hook(#""Name": 5"#), naming: "Name must be text"),
        Case(
            "a huge number",
            hook(#""State": \#(String(repeating: "9", count: 500_000))"#),
            naming: "State must be one of"
        ),
        Case("a huge exponent", hook(#""State": 1e999999999999"#), naming: "State must be one of"),
        Case("digits and an exponent", hook(#""State": 9999999999e9"#), naming: "State must be one of"),
        Case("no state", hook(#""State": "Paused""#), naming: "State must be one of"),
        Case("of the same names the last", hook(#""Name": "right", "Name": 5"#), naming: "Name must be text"),
        Case("a header that is no text", hook(#""Headers": {"X-A": {}}"#), naming: "Headers.X-A"),
        Case("a header's name that cannot be one", hook(#""Headers": {"X A": "1"}"#), naming: "X A"),
        Case("a header that would end and another begin", hook(#""Headers": {"X-A": "1\r\nX-B: 2"}"#), naming: "X-A"),
        Case("a name that is too long", hook(#""Name": "\#(String(repeating: "x", count: 5000))""#), naming: "Name"),
        Case(
            "a body of 10 MB",
            String(repeating: " ", count: 10 << 20) + "{}",
            "application/json",
            413,
            naming: "max-body-bytes"
        ),
        Case(
            "a form of 10 MB",
            "Name=" + String(repeating: "x", count: 10 << 20),
            RESTClient.form,
            413,
            naming: "max-body-bytes"
        ),
    ]

    static let others: [Case] = [
        Case("no XML", "hello", RESTClient.xml, naming: "XML"),
        Case("truncated XML", "<Webhook><Name>", RESTClient.xml, naming: "XML"),
        Case("JSON as XML", "{}", "text/xml", naming: "XML"),
        Case("a DTD", "<!DOCTYPE x><Webhook/>", RESTClient.xml, naming: "DTD"),
        Case(
            "an external entity",
            #"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Webhook><Name>&e;</Name></Webhook>"#,
            RESTClient.xml,
            naming: "DTD"
        ),
        Case(
            "a billion laughs",
            BadInputTests.laughs + "<Webhook><Name>&a9;</Name></Webhook>",
            RESTClient.xml,
            naming: "DTD"
        ),
        Case("a depth of 10,000 elements", nested("<a>", "</a>", 10_000), RESTClient.xml, naming: "max-depth"),
        Case(
            "XML of 10 MB",
            "<a>" + String(repeating: "x", count: 10 << 20) + "</a>",
            RESTClient.xml,
            413,
            naming: "max-body-bytes"
        ),
        Case("no state in XML", "<Webhook><State>Paused</State></Webhook>", RESTClient.xml, naming: "State"),
        Case(
            "a value that is not of its type",
            """
            <Webhook xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema">\
            <Properties><StringObjectKeyValuePair><Key>k</Key><Value i:type="x:int">many</Value>\
            </StringObjectKeyValuePair></Properties></Webhook>
            """,
            RESTClient.xml,
            naming: "Value"
        ),
        Case("a percent sign alone", "Name=50%", RESTClient.form, naming: "percent"),
        Case("a form that is no UTF-8", "Name=%FF", RESTClient.form, naming: "UTF-8"),
        Case("a field that is two things", "Headers=1&Headers[X-A]=2", RESTClient.form, naming: "Headers"),
        Case("a form's number where there is none", "State=many", RESTClient.form, naming: "State"),
        Case(
            "XML of somebody's own",
            "<Webhook><Properties><x>1</x></Properties></Webhook>",
            RESTClient.xml,
            naming: "Properties"
        ),
        Case(
            "headers of somebody's own",
            "<Webhook><Headers><X-A>1</X-A></Headers></Webhook>",
            RESTClient.xml,
            naming: "Headers"
        ),
    ]

    @Test("Bad REST input is answered with an error object that names what is wrong", arguments: json + others)
    func refused(_ bad: Case) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (method, path) in [
                ("POST", "/Webhook"), ("POST", "/Agents/Webhook/SaveWebhook"), ("PUT", "/Webhook/1"),
            ] {
                if method == "PUT" { _ = try await rest.create() }
                let before = try await rest.call("GET", "/Webhook").text
                let answer = try await rest.send(method, path, bad.body, type: bad.type)
                let type = Self.isValidation(bad) ? "SoValidationException" : "SoInvalidArgumentException"
                answer.expectProblem(
                    bad.status,
                    type,
                    naming: bad.naming,
                    source: "Webhook.SaveWebhook",
                    "\(method) \(path)"
                )
                #expect(answer.body.count < 2000, "A message repeats no more than the beginning.")
                for secret in ["root:", ".swift", "/work"] {
                    #expect(
                        !answer.text.contains(secret),
                        "It holds nothing of the machine or of the service's insides."
                    )
                }
                let after = try await rest.call("GET", "/Webhook").text
                #expect(after == before, "Nothing is stored.")
            }
            #expect(service.sender.sent.count == 1, "Nothing is sent but for the webhook that was saved.")
        }
    }

    /// JSON that is read well, and then is no webhook that may be saved.
    private static func isValidation(_ bad: Case) -> Bool {
        ["a header's name that cannot be one", "a header that would end and another begin", "a name that is too long"]
            .contains(bad.testDescription)
    }

    @Test("Numbers of any size are kept in properties to the digit, or refused")
    func numbers() async throws {
        let digits = String(repeating: "1234567890", count: 100)
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for number in ["1e400", "-1E-400", "0.1e+99999999999999999999", digits, "0." + digits, "-0", "1.10"] {
                let answer = try await rest.call("POST", "/Webhook", Self.hook(#""Properties": {"n": \#(number)}"#))
                #expect(answer.status == 200, "\(number.prefix(40)): \(answer.text)")
                guard answer.status == 200 else { continue }
                // Foundation reads no number that no Double holds.
                let shown = #""Properties":{"n":\#(number)}"#
                #expect(answer.text.contains(shown), "\(answer.text)")
                let id = try #require(answer.text.firstMatch(of: /"WebhookId":(\d+)/)).1
                let again = try await rest.call("PUT", "/Webhook/\(id)", answer.text)
                #expect(again.text.contains(shown), "\(again.text)")
            }
        }
    }

    @Test("The deepest body that is read can be shown, patched and put back")
    func depth() async throws {
        // 64 levels: the webhook, Properties, and what is in them.
        let deepest = Self.nested("[", "]", 62)
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let saved = try await rest.call("POST", "/Webhook", Self.hook(#""Properties": {"a": \#(deepest)}"#))
            try #require(saved.status == 200, "\(saved.text)")
            let patched = try await rest.call("PATCH", "/Webhook/1", #"{"Name": "patched"}"#)
            #expect(try patched.textMember("Name") == "patched")
            #expect(try patched.member("Properties") == #"{"a":\#(deepest)}"#)
            let put = try await rest.call("PUT", "/Webhook/1", patched.text)
            #expect(put.status == 200, "\(put.text)")
        }
    }

    @Test("What is no HTTP body ends no service: a broken gzip, and a type of encoding that nobody knows")
    func encodings() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for encoding in ["gzip", "deflate", "br"] {
                let answer = try await rest.call(
                    "POST",
                    "/Webhook",
                    "\u{1}\u{2}\u{3} this was never packed",
                    headers: [("Content-Encoding", encoding)]
                )
                #expect((400..<500).contains(answer.status), "\(encoding)")
            }
            let count = try await rest.count()
            #expect(count == 0)
        }
    }
}
