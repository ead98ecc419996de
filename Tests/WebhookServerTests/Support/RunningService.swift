import AgentCore
import AsyncHTTPClient
import Conformance
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServerConfiguration
import ServiceLifecycleTestKit
import StoreContracts
import Stores
import Testing
import WebhookDelivery
import WebhookModel
import WebhookServer

/// The real service on a loopback port, in this process.
struct RunningService: Sendable {
    let port: Int
    let sender: ScriptedSender

    /// Starts a service on an empty memory store, runs `body`, and stops it gracefully.
    static func with<R: Sendable>(
        settings change: (inout ServerSettings) -> Void = { _ in },
        sender: ScriptedSender = ScriptedSender(),
        reloads: AsyncStream<Void> = AsyncStream { $0.finish() },
        now: @escaping @Sendable () -> Timestamp = { Timestamp(Date()) },
        _ body: @Sendable (RunningService) async throws -> R
    ) async throws -> R {
        var settings = ServerSettings()
        settings.port = 0
        settings.store = .memory
        settings.isDevelopment = true
        settings.installation = Self.installation
        settings.rules.requiresHTTPS = false
        settings.shutdownTimeout = .seconds(2)
        settings.delivery.drain = .seconds(2)
        change(&settings)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = WebhookServer(
            settings: settings,
            logger: logger,
            sender: sender,
            reloads: reloads,
            now: now,
            onListening: { listening.yield($0) }
        )
        await turnstile.enter()
        let result: Result<R, any Error>
        do {
            result = .success(try await run(server, ports, listening, sender, body))
        } catch {
            result = .failure(error)
        }
        await turnstile.leave()
        return try result.get()
    }

    private static let turnstile = Turnstile(24)

    private static func run<R: Sendable>(
        _ server: WebhookServer,
        _ ports: AsyncStream<Int>,
        _ listening: AsyncStream<Int>.Continuation,
        _ sender: ScriptedSender,
        _ body: @Sendable (RunningService) async throws -> R
    ) async throws -> R {
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { listening.finish() }
                    try await server.run()
                }
                guard let port = await ports.first(where: { _ in true }) else {
                    try await group.next()
                    throw Problem.notListening
                }
                let result: Result<R, any Error>
                do {
                    result = .success(try await body(RunningService(port: port, sender: sender)))
                } catch {
                    result = .failure(error)
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
                return try result.get()
            }
        }
    }

    /// Accepts the documentation's ticket, and the one in the captured requests.
    static var installation: Installation {
        var installation = Installation(kind: .onSite, tenants: []).addingDocumentedCredentials()
        installation.tenants[0].fixedTickets["7T:ticket-1"] = Installation.Documented.userName
        return installation
    }

    var url: String { "http://127.0.0.1:\(port)/Remote/Services87/Webhook.svc" }

    /// What fixtures may refer to.
    var variables: FixtureVariables {
        FixtureVariables(
            ticket: "7T:1234abcxyzExample==",
            token: "1234567-1234-9876",
            user: "tje0",
            password: "Tje0",
            target: "http://127.0.0.1:9/hook",
            badTarget: ScriptedSender.failingURL,
            run: UUID().uuidString
        )
    }

    /// Posts an envelope to `/Remote/Services87/Webhook.svc`.
    func post(
        _ body: [UInt8],
        contentType: String,
        action: String?
    ) async throws -> (status: Int, body: [UInt8]) {
        var headers = HTTPHeaders([("Content-Type", contentType)])
        if let action { headers.add(name: "SOAPAction", value: action) }
        let answer = try await send("POST", url, headers: headers, body: body)
        return (answer.status, answer.body)
    }

    /// Any request, through a real client.
    func send(
        _ method: String,
        _ url: String,
        headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) async throws -> (status: Int, headers: HTTPHeaders, body: [UInt8]) {
        var request = HTTPClientRequest(url: url)
        request.method = .RAW(value: method)
        request.headers = headers
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let answer = try await response.body.collect(upTo: 16 << 20)
        return (Int(response.status.code), response.headers, Array(answer.readableBytesView))
    }

    /// Raw bytes over a socket; returns the answer that is not informational. It does not wait for the connection's end.
    func sendRaw(_ bytes: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        let answer = try await exchange(bytes)
        return (answer.status, answer.body)
    }

    enum Problem: Error { case notListening, connectionEnded(String) }
}

extension RunningService {
    /// An answer as it came over the socket.
    struct RawAnswer: Sendable {
        var status: Int
        var head: String
        var body: [UInt8]
        /// What came before it: informational answers.
        var preamble: String
    }

    /// Sends raw bytes and reads one whole answer.
    func exchange(_ bytes: [UInt8]) async throws -> RawAnswer {
        try await withRawConnection { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            return try await inbound.answer(hasBody: !bytes.starts(with: "HEAD ".utf8))
        }
    }

    /// A plain connection to the service.
    func withRawConnection<R: Sendable>(
        _ body: @Sendable (inout RawInbound, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> R
    ) async throws -> R {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var reader = RawInbound(iterator: inbound.makeAsyncIterator())
            return try await body(&reader, outbound)
        }
    }

    /// Reads answers off a plain connection.
    struct RawInbound {
        var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private var bytes: [UInt8] = []

        init(iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
            self.iterator = iterator
        }

        /// The next answer that is not informational.
        ///
        /// - Parameter hasBody: Whether what Content-Length says follows; after a HEAD it does not.
        mutating func answer(hasBody: Bool = true) async throws -> RawAnswer {
            var preamble = ""
            while true {
                let head = try await head()
                let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                guard status >= 200 else {
                    preamble += head
                    continue
                }
                let stated = head.lowercased().firstMatch(of: /content-length: *(\d+)/).flatMap { Int($0.1) } ?? 0
                let length = hasBody ? stated : 0
                while bytes.count < length { try await more() }
                let body = Array(bytes.prefix(length))
                bytes.removeFirst(length)
                return RawAnswer(status: status, head: head, body: body, preamble: preamble)
            }
        }

        /// Whether the service has ended the connection, nothing more having come.
        mutating func isEnded() async throws -> Bool {
            guard bytes.isEmpty else { return false }
            return try await iterator.next() == nil
        }

        /// What comes until the service ends the connection.
        mutating func rest() async throws -> [UInt8] {
            while let part = try await iterator.next() { bytes += part.readableBytesView }
            defer { bytes = [] }
            return bytes
        }

        /// The head of the next answer.
        mutating func head() async throws -> String {
            while true {
                if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                    let head = String(decoding: bytes[..<end.upperBound], as: UTF8.self)
                    bytes.removeFirst(end.upperBound)
                    return head
                }
                try await more()
            }
        }

        private mutating func more() async throws {
            guard let part = try await iterator.next() else {
                throw Problem.connectionEnded(String(decoding: bytes, as: UTF8.self))
            }
            bytes += part.readableBytesView
        }
    }
}

extension ServerSettings {
    /// Lets webhooks be saved whose targets fail, and has a delivery tried only once, or once more after `delay`.
    mutating func acceptFailingTargets(retryingAfter delay: Duration? = nil) {
        rules.verifiesTarget = false
        policy.schedule = .cycles(delays: delay.map { [$0] } ?? [], count: 1, pause: .zero)
    }
}
