import Conformance
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Networking
import Text

/// The receiver that fixtures have the target call.
struct ConformSink {
    /// What all its URLs begin with; no other run has the same.
    let base: String
    /// A text of its own for this run.
    let run: String

    /// URL that answers 200 and `ok`.
    var accepting: String { base + "/ok" }
    /// URL that answers 500.
    var failing: String { base + "/bad" }

    /// Listens while `body` runs.
    ///
    /// - Parameters:
    ///   - listen: `HOST:PORT`, port 0 for any that is free.
    ///   - url: Under which others reach it; nil where that is the address it listens on.
    static func with<Result: Sendable>(
        listen: String,
        url: String?,
        _ body: (ConformSink) async throws -> Result
    ) async throws -> Result {
        guard let address = HostPort(listen) else { preconditionFailure("validated: \(listen)") }
        let run = Hexadecimal.text(SecureRandom.bytes(6))
        let (ports, port) = AsyncThrowingStream.makeStream(of: Int.self)
        var logger = Logger(label: "conform")
        logger.logLevel = .critical
        let app = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                _ = try await request.body.collect(upTo: bodyBytes)
                let isFailing = request.uri.path.hasSuffix("/bad")
                let text = isFailing ? "bad" : "ok"
                let status = isFailing ? HTTPResponse.Status.internalServerError : .ok
                return Response(status: status, body: .init(byteBuffer: ByteBuffer(string: text)))
            },
            configuration: .init(address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? address.port) },
            logger: logger
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await app.run()
                    port.finish()
                } catch {
                    port.finish(throwing: error)
                }
            }
            defer { group.cancelAll() }
            var bound = ports.makeAsyncIterator()
            let listening: Int?
            do { listening = try await bound.next() } catch {
                throw ConformanceError.noAnswer(reason: "the receiver cannot listen on \(listen): \(error)")
            }
            let own = url ?? "http://\(HostPort(host: address.host, port: listening ?? address.port))"
            let trimmed = own.hasSuffix("/") ? String(own.dropLast()) : own
            return try await body(ConformSink(base: "\(trimmed)/conform-\(run)", run: run))
        }
    }

    /// The largest notification that is read, in bytes.
    private static let bodyBytes = 4 << 20
}
