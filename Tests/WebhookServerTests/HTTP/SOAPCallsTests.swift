import Conformance
import Foundation
import NIOCore
import TestSupport
import Testing

/// A request is answered alike by the event loop and by a task, and with a head that its connection has sent before: only how
/// its body is framed decides which of them it is.
@Suite("SOAP calls on the event loop")
struct SOAPCallsTests {
    private static let envelope = """
        <e:Envelope xmlns:e="ENVELOPE" xmlns:n="http://www.superoffice.net/ws/crm/NetServer/Services87"><e:Header>\
        <n:ApplicationToken>1234567-1234-9876</n:ApplicationToken><n:Credentials><n:Ticket>7T:1234abcxyzExample==</n:Ticket>\
        </n:Credentials></e:Header><e:Body>BODY</e:Body></e:Envelope>
        """

    /// Envelopes of operations that may be repeated, each with its media type.
    private static let envelopes: [(text: String, mediaType: String)] = {
        let bodies = [
            "<n:GetWebhook><n:WebhookId>1</n:WebhookId></n:GetWebhook>",
            "<n:GetWebhook><n:WebhookId>99</n:WebhookId></n:GetWebhook>",
            "<n:GetLastError><n:WebhookId>1</n:WebhookId></n:GetLastError>",
            "<n:SignalEvent><n:EventName>contact.created</n:EventName><n:PrimaryKey>7</n:PrimaryKey><n:Data>"
                + "<n:StringObjectKeyValuePair><n:Key>a</n:Key><n:Value xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" "
                + "xmlns:x=\"http://www.w3.org/2001/XMLSchema\" i:type=\"x:int\">5</n:Value></n:StringObjectKeyValuePair>"
                + "</n:Data></n:SignalEvent>",
            "<n:CreateDefaultWebhook/>", "<n:GetAllWebhooks/>", "<n:NoSuchOperation/>",
        ]
        let versions = [
            ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8"),
            ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8"),
        ]
        return versions.flatMap { namespace, mediaType in
            bodies.map { body in
                let text = envelope.replacing("ENVELOPE", with: namespace).replacing("BODY", with: body)
                return (text, mediaType)
            }
        }
    }()

    /// What is sent: with a length, the same again, and in chunks.
    private static func requests(
        _ body: [UInt8],
        path: String = "/Remote/Services87/Webhook.svc",
        headers: [String]
    ) -> [[UInt8]] {
        let lines = ["POST \(path) HTTP/1.1", "Host: localhost"] + headers
        func head(_ framing: String) -> [UInt8] {
            Array(((lines + [framing]).joined(separator: "\r\n") + "\r\n\r\n").utf8)
        }
        let chunk = body.isEmpty ? [] : Array((String(body.count, radix: 16) + "\r\n").utf8) + body + Array("\r\n".utf8)
        return [
            head("Content-Length: \(body.count)") + body, head("Content-Length: \(body.count)") + body,
            head("Transfer-Encoding: chunked") + chunk + Array("0\r\n\r\n".utf8),
        ]
    }

    /// All answers, with the headers but for the date.
    private static func answers(_ requests: [[UInt8]], from service: RunningService) async throws -> [String] {
        try await service.withRawConnection { inbound, outbound in
            var answers: [String] = []
            for request in requests {
                try await outbound.write(ByteBuffer(bytes: request))
                let answer = try await inbound.answer()
                let head = answer.head.split(separator: "\r\n").filter { !$0.hasPrefix("Date: ") }.joined(
                    separator: "\n"
                )
                answers.append(head + "\n" + String(decoding: answer.body, as: UTF8.self))
            }
            return answers
        }
    }

    private static func saveOne(_ service: RunningService) async throws {
        let body = """
            <n:SaveWebhook><n:Webhook><n:Name>one</n:Name><n:Events xmlns:a="http://schemas.microsoft.com/2003/10/\
            Serialization/Arrays"><a:string>contact.created</a:string></n:Events><n:TargetUrl>http://127.0.0.1:9/hook\
            </n:TargetUrl></n:Webhook></n:SaveWebhook>
            """
        let text = envelope.replacing("ENVELOPE", with: "http://schemas.xmlsoap.org/soap/envelope/")
            .replacing("BODY", with: body)
        let answer = try await service.post(Array(text.utf8), contentType: "text/xml; charset=utf-8", action: nil)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(">true</"))
    }

    @Test("A request has the same answer with a length and in chunks, with and without an action")
    func framings() async throws {
        try await RunningService.with { service in
            try await Self.saveOne(service)
            for (envelope, mediaType) in Self.envelopes {
                for action in [nil, "\"\"", "\"a/GetWebhook\"", "SignalEvent", "\"x"] {
                    let headers = ["Content-Type: \(mediaType)"] + (action.map { ["SOAPAction: \($0)"] } ?? [])
                    let requests = Self.requests(Array(envelope.utf8), headers: headers)
                    let answers = try await Self.answers(requests, from: service)
                    #expect(Set(answers).count == 1, "\(mediaType) \(action ?? "no action") \(envelope)")
                }
            }
        }
    }

    @Test("A request that is refused has the same answer with a length and in chunks")
    func refusals() async throws {
        try await RunningService.with { service in
            let body = Array(Self.envelopes[0].text.utf8)
            let xml = "Content-Type: text/xml"
            for (path, headers, body) in [
                ("/Remote/Services87/Webhook.svc", [], body),
                ("/Remote/Services87/Webhook.svc", ["Content-Type: application/json"], body),
                ("/Remote/Services87/Webhook.svc", [xml, "Content-Encoding: br"], body),
                ("/Remote/Services87/Webhook.svc", ["Content-Type: text/xml; charset=nonsense"], body),
                ("/Remote/Services87/Webhook.svc", [xml], []),
                ("/Remote/Services87/Webhook.svc?wsdl", [xml], body),
                ("/remote//services87/%77ebhook.svc", [xml], body),
                ("/Remote/Services86/Webhook.svc", [xml], body),
                ("/Remote/Services87/SoPrincipal.svc", [xml], body),
                ("/Remote/Services99/Webhook.svc", [xml], body),
                ("/Cust1/Remote/Services87/Webhook.svc", [xml], body),
                ("/", [xml], body),
            ] {
                let requests = Self.requests(body, path: path, headers: headers)
                let answers = try await Self.answers(requests, from: service)
                #expect(Set(answers).count == 1, "\(path) \(headers)")
            }
        }
    }

    @Test("An envelope that is damaged at random has the same answer with a length and in chunks", arguments: 0..<8)
    func damaged(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var cases: [(body: [UInt8], mediaType: String)] = []
        for _ in 0..<250 {
            let (text, mediaType) = Self.envelopes.randomElement(using: &random)!
            cases.append((Self.damage(Array(text.utf8), &random), mediaType))
        }
        let damaged = cases
        try await RunningService.with { service in
            try await Self.saveOne(service)
            for (body, mediaType) in damaged {
                let requests = Self.requests(body, headers: ["Content-Type: \(mediaType)"])
                let answers = try await Self.answers(requests, from: service)
                #expect(Set(answers).count == 1, "\(String(decoding: body, as: UTF8.self))")
            }
        }
    }

    private static func damage(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0..<bytes.count, using: &random))
            case 3:
                bytes.insert(
                    contentsOf: Array("<![CDATA[&amp;]]> &#0; xmlns=\"\" <n:x/>".utf8.prefix(end - place)),
                    at: place
                )
            default: bytes = Array(bytes[..<place])
            }
        }
        return bytes
    }

    @Test("A client that sends its requests at once gets their answers in order, from the loop and from tasks")
    func pipelined() async throws {
        try await RunningService.with { service in
            try await Self.saveOne(service)
            let (loop, task) = (Self.envelopes[0], Self.envelopes[5])
            let headers = ["Content-Type: \(loop.mediaType)"]
            let one = Self.requests(Array(loop.text.utf8), headers: headers)
            let all = Self.requests(Array(task.text.utf8), headers: headers)
            let signal = Self.requests(Array(Self.envelopes[3].text.utf8), headers: headers)
            let requests = [one[0], all[0], signal[0], one[1], signal[0], all[1], one[0]]
            let answers = try await service.withRawConnection { inbound, outbound in
                try await outbound.write(ByteBuffer(bytes: requests.flatMap { $0 }))
                var answers: [String] = []
                for _ in requests { answers.append(String(decoding: try await inbound.answer().body, as: UTF8.self)) }
                return answers
            }
            let expected = [
                "GetWebhook", "GetAllWebhooks", "SignalEvent", "GetWebhook", "SignalEvent", "GetAllWebhooks",
                "GetWebhook",
            ]
            #expect(zip(answers, expected).allSatisfy { $0.contains("<\($1)Response") }, "\(answers)")
        }
    }

    @Test("A client that closes its output behind a request gets the answer")
    func halfClosed() async throws {
        try await RunningService.with { service in
            for request in Self.requests(Array(Self.envelopes[3].text.utf8), headers: ["Content-Type: text/xml"]) {
                let status = try await service.withRawConnection { inbound, outbound in
                    try await outbound.write(ByteBuffer(bytes: request))
                    outbound.finish()
                    return try await inbound.answer().status
                }
                #expect(status == 200)
            }
        }
    }
}
