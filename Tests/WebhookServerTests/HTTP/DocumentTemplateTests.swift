import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import WebhookServer

/// Documents that every caller is sent, but for the address in them.
@Suite("Document templates")
struct DocumentTemplateTests {
    /// Keeps what is written.
    private final class Writer: ResponseBodyWriter, @unchecked Sendable {
        var parts: [ByteBuffer] = []
        func write(_ buffer: ByteBuffer) async throws { parts.append(buffer) }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private static func parts(_ body: ResponseBody) async throws -> [ByteBuffer] {
        let writer = Writer()
        try await body.write(writer)
        return writer.parts
    }

    @Test("The caller's text stands in every place, and the length is known")
    func filled() async throws {
        let template = DocumentTemplate(["a", "b", ""])
        let body = template.filled(with: "--")
        #expect(body.contentLength == 6)
        let text = try await Self.parts(body).map { String(buffer: $0) }.joined()
        #expect(text == "a--b--")
    }

    @Test("A WSDL is in memory once, whatever address each of its callers is sent")
    func shared() async throws {
        let description = ServiceDescription(name: .webhook, number: .services87)
        for query in ["wsdl", "wsdl12"] {
            var places: [[UInt]] = []
            for host in ["a.example", "b.example"] {
                let body = try #require(description.document(query: query, address: "http://\(host)/x"))
                let parts = try await Self.parts(body)
                #expect(parts.contains { String(buffer: $0) == "http://\(host)/x" })
                places.append(
                    parts.filter { $0.readableBytes > 1000 }.map { part in
                        part.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
                    }
                )
            }
            #expect(!places[0].isEmpty && places[0] == places[1])
        }
    }
}
