import HTTPTypes
import HummingbirdCore
import NIOCore
import NetServerSOAP
import Synchronization
import Testing

@Suite("Descriptions of services")
struct ServiceDescriptionTests {
    /// Keeps where the long parts of a body are in memory, and all of its text.
    private final class Writer: ResponseBodyWriter {
        private let written = Mutex<(text: String, places: [UInt])>(("", []))

        var text: String { written.withLock { $0.text } }
        var places: [UInt] { written.withLock { $0.places } }

        func write(_ buffer: ByteBuffer) async throws {
            written.withLock { written in
                written.text += String(buffer: buffer)
                guard buffer.readableBytes > 1000 else { return }
                buffer.withUnsafeReadableBytes { written.places.append(UInt(bitPattern: $0.baseAddress)) }
            }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test("A WSDL is in memory once, whatever address each of its callers is sent", arguments: ["wsdl", "wsdl12"])
    func shared(query: String) async throws {
        let description = ServiceDescription(name: .webhook, number: .services87)
        var places: [[UInt]] = []
        for host in ["a.example", "b.example"] {
            let body = try #require(description.document(query: query, address: "http://\(host)/x"))
            let writer = Writer()
            try await body.write(writer)
            #expect(writer.text.contains("<soap:address location=\"http://\(host)/x\""))
            places.append(writer.places)
        }
        #expect(!places[0].isEmpty && places[0] == places[1])
    }

    @Test("A query that asks for no description has no answer", arguments: ["", "wsdl2", "xsd=xsd0", "a=wsdl"])
    func others(query: String) {
        let description = ServiceDescription(name: .soPrincipal, number: .services85)
        #expect(description.document(query: query, address: "http://a.example/x") == nil)
    }
}
