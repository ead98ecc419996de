import ArgumentParser
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Networking

/// `webhook-svc sink`: a receiver to try deliveries against.
struct Sink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract: "Receive notifications: print each, say whether its signature is right, answer with any status."
    )

    @Option(help: .value("host:port", "Address to listen on."))
    var listen = "127.0.0.1:9000"
    @Option(help: "The webhook's secret; without it signatures are not checked.")
    var secret: String?
    @Option(help: "Status to answer with.")
    var status = 200

    /// The largest body that is printed, in bytes.
    private static let bodyBytes = 4 << 20

    func validate() throws {
        guard (200..<600).contains(status) else { throw ValidationError("--status takes 200 to 599.") }
        guard HostPort(listen) != nil else {
            throw ValidationError("--listen takes HOST:PORT, such as 127.0.0.1:9000.")
        }
    }

    func run() async throws {
        guard let address = HostPort(listen) else { return }
        var logger = Logger(label: "sink")
        logger.logLevel = .error
        let verdicts = SignatureVerdict(secret: secret)
        let status = HTTPResponse.Status(code: self.status)
        let app = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                let body = try await request.body.collect(upTo: Self.bodyBytes)
                Self.say(Self.transcript(of: request, body: body, verdict: verdicts.verdict(request, body)))
                return Response(status: status, body: .init(byteBuffer: ByteBuffer(string: "ok")))
            },
            configuration: .init(address: .hostname(address.host, port: address.port)),
            onServerRunning: { _ in Self.say("sink listening on http://\(address)") },
            logger: logger
        )
        try await app.runService()
    }

    /// Past the buffer that would hold output back from a pipe.
    private static func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    private static func transcript(of request: Request, body: ByteBuffer, verdict: String) -> String {
        let shown = request.headers.filter { $0.name.rawName.lowercased().hasPrefix("x-") || $0.name == .userAgent }
        let headers = shown.map { "  \($0.name.rawName): \($0.value)" }
        return (["\(request.method) \(request.uri.path)"] + headers + ["  " + String(buffer: body), "  \(verdict)"])
            .joined(separator: "\n")
    }
}

/// Whether a request is signed with the secret and, if not, why.
private struct SignatureVerdict: Sendable {
    private let key: HMACSHA256?
    private static let header = HTTPField.Name("X-SuperOffice-Signature").unsafelyUnwrapped

    init(secret: String?) {
        key = secret.map { HMACSHA256(key: Array($0.utf8)) }
    }

    func verdict(_ request: Request, _ body: ByteBuffer) -> String {
        let sent = request.headers[Self.header]
        guard let key else { return sent == nil ? "not signed" : "signed; give --secret to check it" }
        guard let sent else { return "SIGNATURE MISSING: the webhook has no secret" }
        guard let tag = Data(base64Encoded: sent), tag.count == HMACSHA256.tagBytes else {
            return "SIGNATURE WRONG: it is not 32 bytes in base64"
        }
        let expected = key.tag(of: Array(body.readableBytesView))
        return ConstantTime.areEqual(expected, Array(tag))
            ? "signature right" : "SIGNATURE WRONG: the webhook has another secret, or the body was changed on its way"
    }
}
