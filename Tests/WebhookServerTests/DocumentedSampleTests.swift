import Foundation
import ServerConfiguration
import Testing
import XML

/// The requests of NetServer's documentation work as they stand, with the credentials that they hold.
@Suite("Documented samples")
struct DocumentedSampleTests {
    /// The operation, and the exception that the sample's empty values lead to.
    static let samples: [(operation: String, exception: String?)] = [
        ("CreateDefaultWebhook", nil), ("GetAllWebhooks", nil), ("GetWebhook", nil), ("DeleteWebhook", nil),
        ("SignalEvent", nil), ("GetLastError", nil),
        ("SaveWebhook", "SuperOffice.Exceptions.SoValidationException"),
        ("TestWebhook", "SuperOffice.Exceptions.SoValidationException"),
    ]

    static func sample(_ operation: String) throws -> [UInt8] {
        Array(
            try Data(
                contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
                    path: "Samples/\(operation).request.xml"
                )
            )
        )
    }

    @Test("Documented samples are understood byte for byte", arguments: samples)
    func understood(operation: String, exception: String?) async throws {
        try await RunningService.with { service in
            let answer = try await service.post(
                Self.sample(operation),
                contentType: "application/soap+xml; charset=utf-8",
                action: nil
            )
            #expect(answer.status == 200)
            let root = try XML.XMLDocument(parsing: answer.body).root
            let header = try #require(root.children.first { $0.isNamed("Header") })
            let body = try #require(root.children.first { $0.isNamed("Body") })
            #expect(body.children.map(\.name) == [operation + "Response"])
            #expect(header.children.first { $0.isNamed("Succeeded") }?.text == (exception == nil ? "true" : "false"))
            let info = header.children.first { $0.isNamed("ExceptionInfo") }
            #expect(info?.children.first { $0.isNamed("ExceptionType") }?.text == exception)
        }
    }

    @Test("SaveWebhook with its values filled in stores a webhook that is then notified")
    func saveFilledIn() async throws {
        let target = "http://127.0.0.1:9/documented"
        let filled = String(decoding: try Self.sample("SaveWebhook"), as: UTF8.self)
            .replacing(
                "<Webhook:TargetUrl xsi:type=\"xsd:string\">",
                with: "<Webhook:TargetUrl xsi:type=\"xsd:string\">\(target)"
            )
            .replacing("string xsi:type=\"xsd:string\">", with: "string xsi:type=\"xsd:string\">contact.created")
            .replacing("<Webhook:Secret xsi:type=\"xsd:string\">", with: "<Webhook:Secret xsi:type=\"xsd:string\">s")
        try await RunningService.with { service in
            let type = "application/soap+xml; charset=utf-8"
            let saved = try await service.post(Array(filled.utf8), contentType: type, action: nil)
            let text = String(decoding: saved.body, as: UTF8.self)
            #expect(text.contains("<Webhook:Succeeded>true</Webhook:Succeeded>"), "\(text)")
            #expect(text.contains("<Webhook:State xsi:type=\"Webhook:WebhookState\">Active</Webhook:State>"))
            let signal = String(decoding: try Self.sample("SignalEvent"), as: UTF8.self)
                .replacing(
                    "EventName xsi:type=\"xsd:string\">",
                    with: "EventName xsi:type=\"xsd:string\">contact.created"
                )
            _ = try await service.post(Array(signal.utf8), contentType: type, action: nil)
            let events = await service.sender.events(count: 2)
            #expect(events == ["test", "contact.created"])
        }
    }
}
