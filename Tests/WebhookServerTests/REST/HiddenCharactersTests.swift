import AgentCore
import Foundation
import HTTPRouting
import JSON
import StoreContracts
import TestSupport
import Testing
import WebhookModel
import XML

@testable import NetServerREST
@testable import WebhookServer

/// What one front can store, every front can show and save back unchanged.
@Suite("Values that XML cannot hold", .timeLimit(.minutes(10)))
struct HiddenCharactersTests {
    private static let services = "http://www.superoffice.net/ws/crm/NetServer/Services87"

    /// Control characters in every text, and numbers that no client of .NET reads.
    private static let webhook = #"""
        {"Name":"na\u000bme","Events":["a\u0001b","plain"],"TargetUrl":"x\u0002","Secret":"s\u0003cret","State":"Stopped",\#
        "Type":"crm\u0004script","Headers":{"X-A":"1\#u{FFFE}"},"Properties":{"k\u0005":"v\u0006","big":1e400,\#
        "digits":\#(String(repeating: "1234567890", count: 6)),"list":["\u0007",null],"inner":{"i\u0008":"\u000c"},\#
        "mixed":[1,"\u000e"]}}
        """#

    private static func stored(_ answer: RESTAnswer) throws -> String {
        // Foundation reads no number that no Double holds.
        let node = try parsedJSON(answer.text)
        return ["Name", "Events", "TargetUrl", "Secret", "Type", "Headers", "Properties"].map {
            "\($0): \(node[$0]?.text ?? "absent")"
        }.joined(separator: "\n")
    }

    private static func with(
        _ body: @escaping @Sendable (RunningService, RESTClient, _ stored: String) async throws -> Void
    ) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let saved = try await rest.call("POST", "/Webhook", webhook)
            try #require(saved.status == 200, "\(saved.text)")
            let stored = try stored(saved)
            try #require(stored.contains(#"Secret: "s\u0003cret""#))
            try #require(stored.contains(#""big":1e400"#))
            try await body(service, rest, stored)
        }
    }

    private static func soap(_ operation: String, _ content: String, _ service: RunningService) async throws -> String {
        let envelope = """
            <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="\(services)"><s:Header>\
            <Credentials><Ticket>7T:1234abcxyzExample==</Ticket></Credentials></s:Header><s:Body>\
            <\(operation) xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:svc="\(services)" \
            xmlns:arr="http://schemas.microsoft.com/2003/10/Serialization/Arrays">\(content)</\(operation)></s:Body>\
            </s:Envelope>
            """
        let answer = try await service.post(Array(envelope.utf8), contentType: "text/xml", action: nil)
        let text = String(decoding: answer.body, as: UTF8.self)
        try #require(answer.status == 200 && text.contains(">true</Succeeded>"), "\(text)")
        return text
    }

    /// The members of a webhook in an answer.
    private static func members(_ answer: String, of element: String) throws -> String {
        let pattern = try Regex("(?s)<\(element)>(.*?)</\(element)>")
        return String(try #require(try pattern.firstMatch(in: answer)?.output[1].substring))
    }

    @Test("A webhook that SOAP has shown and saves back is what it was", arguments: [true, false])
    func soap(typed: Bool) async throws {
        try await Self.with { service, rest, stored in
            let answer = try await Self.soap("GetAllWebhooks", "", service)
            #expect(answer.contains("<Secret>s\u{FFFD}cret</Secret>"))
            #expect(answer.contains(#"<Value xsi:type="xsd:string">1e400</Value>"#))
            var members = try Self.members(answer, of: "Webhook")
            if !typed { members = members.replacing(#/ xsi:type="[^"]*"/#, with: "") }
            _ = try await Self.soap("SaveWebhook", "<Webhook>\(members)</Webhook>", service)
            #expect(try Self.stored(try await rest.call("GET", "/Webhook/1")) == stored)
        }
    }

    @Test("A webhook that REST has shown as XML and saves back is what it was", arguments: ["PUT", "agent"])
    func restXML(way: String) async throws {
        try await Self.with { service, rest, stored in
            let accept = [("Accept", "application/xml")]
            let shown = try await rest.call("GET", "/Webhook/1", headers: accept)
            #expect(shown.text.contains("<Secret>s\u{FFFD}cret</Secret>"))
            let answer =
                way == "PUT"
                ? try await rest.call("PUT", "/Webhook/1", shown.text, type: RESTClient.xml)
                : try await rest.call("POST", "/Agents/Webhook/SaveWebhook", shown.text, type: RESTClient.xml)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try Self.stored(try await rest.call("GET", "/Webhook/1")) == stored)
        }
    }

    @Test("A webhook that REST has shown as JSON and saves back or patches elsewhere is what it was")
    func restJSON() async throws {
        try await Self.with { service, rest, stored in
            let shown = try await rest.call("GET", "/Webhook/1")
            let put = try await rest.call("PUT", "/Webhook/1", shown.text)
            #expect(put.status == 200, "\(put.text)")
            let patched = try await rest.call(
                "PATCH",
                "/Webhook/1",
                #"{"State":"Stopped"}"#,
                type: RESTClient.mergePatch
            )
            #expect(patched.status == 200, "\(patched.text)")
            #expect(try Self.stored(try await rest.call("GET", "/Webhook/1")) == stored)
        }
    }

    @Test("An event is signalled under the name that it has in the path, a leading U+FEFF included")
    func pathKeepsText() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(
                #"{"Events": ["\#u{FEFF}sale.changed"], "TargetUrl": "http://127.0.0.1:9/hook"}"#
            )
            for name in [
                "%EF%BB%BFsale.changed", "%ef%bb%bfSALE.changed", "%20%EF%BB%BFsale.changed%0A", "sale.changed",
            ] {
                let answer = try await rest.call("POST", "/Webhook/\(name)/1")
                #expect(answer.status == 204, "\(answer.text)")
            }
            try await rest.waitUntilIdle()
            // In whatever order they were sent.
            let events = service.sender.sent.dropFirst().map { Array($0.event.utf8) }
            let expected = ["\u{FEFF}SALE.changed", "\u{FEFF}sale.changed", "\u{FEFF}sale.changed"].map {
                Array($0.utf8)
            }
            #expect(events.sorted { $0.lexicographicallyPrecedes($1) } == expected)
        }
    }

    @Test(
        "A part of a path that is not percent-encoded UTF-8 names nothing",
        arguments: ["%FFa", "%4", "a%", "%00", "%G0"]
    )
    func brokenPath(part: String) throws {
        let path = try #require(RequestPath("/api/v1/Webhook/\(part)/1"))
        #expect(ServiceRoutes.table.match(path)?.routes.map(\.operation) == [.rest])
        #expect(RESTRoutes.match(path.dropFirst(1)) == nil)
        let plain = RequestPath(exactly: ["v1", "webhook", "a%", "1"])
        #expect(RESTRoutes.match(plain)?.routes.map(\.operation) == [.signal])
    }

    @Test(
        "White space around the names of events, filters and types is left out by every front",
        arguments: FrontKind.allCases
    )
    func paddedNames(kind: FrontKind) async throws {
        try await RunningService.with { service in
            let front = kind.front(service)
            let ticket = "7T:1234abcxyzExample=="
            let hook = Hook(name: " padded ", events: ["\n  sale.changed\t", "order.paid"], type: "\n webhook ")
            guard case .webhook(let saved?) = try await front.call(.save(hook), ticket: ticket) else {
                Issue.record("It is not saved.")
                return
            }
            #expect(saved["Events"] == #"["sale.changed","order.paid"]"#)
            #expect(saved["Type"]?.contains("webhook") == true && saved["Type"]?.contains(" ") == false)
            #expect(saved["Name"]?.contains(" padded ") == true)
            for event in ["\tSALE.changed ", "sale.changed", " "] {
                guard case .webhooks(let found) = try await front.call(.list(event: event), ticket: ticket) else {
                    continue
                }
                #expect(found.count == 1, "filter '\(event)'")
            }
            _ = try await front.call(.signal(" sale.changed\n", key: 3), ticket: ticket)
            try await RESTClient(service: service).waitUntilIdle()
            #expect(service.sender.sent.dropFirst().map(\.event) == ["sale.changed"])
        }
    }

    @Test("A blank argument in REST's XML is what it is over SOAP")
    func blankArguments() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            func agent(_ operation: String, _ xml: String) async throws -> RESTAnswer {
                try await rest.call("POST", "/Agents/Webhook/\(operation)", xml, type: RESTClient.xml)
            }
            #expect(
                try await agent("SignalEvent", "<r><EventName> </EventName><PrimaryKey> </PrimaryKey></r>").status
                    == 204
            )
            let all = try await agent(
                "GetAllWebhooks",
                "<r><EventFilter> </EventFilter><StatusFilter> </StatusFilter></r>"
            )
            #expect(all.text.contains("sale.changed"))
            // A webhook's own name is text: one space is no name of this one.
            #expect(try await agent("GetAllWebhooks", "<r><NameFilter> </NameFilter></r>").text == "[]")
            #expect(try await agent("GetAllWebhooks", "<r><NameFilter/></r>").text == all.text)
            let soap = try await Self.soap("GetAllWebhooks", "<NameFilter> </NameFilter>", service)
            #expect(!soap.contains("<Webhook>"))
        }
    }

    @Test("A patch from composed to decomposed text changes what is stored")
    func composition() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create(
                #"{"Name":"\#u{E9}","Secret":"\#u{E9}","Events":["a.b"],"TargetUrl":"http://127.0.0.1:9/hook","#
                    + #""Headers":{"X-A":"\#u{E9}"},"Properties":{"p":"\#u{E9}"}}"#
            )
            let form = "e\u{301}"
            let patch = """
                {"Name":"\(form)","Secret":"\(form)","Headers":{"X-A":"\(form)"},"Properties":{"p":"\(form)"}}
                """
            let patched = try await rest.call("PATCH", "/Webhook/\(id)", patch, type: RESTClient.mergePatch)
            #expect(patched.status == 200)
            let got = try await rest.call("GET", "/Webhook/\(id)").text
            #expect(!got.utf8.elementsEqual(got.replacing(form, with: "").utf8))
            #expect(!got.unicodeScalars.contains("\u{E9}"))
            #expect(got.unicodeScalars.count { $0 == "\u{301}" } == 4)
        }
    }
}
