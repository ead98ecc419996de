package import AgentCore
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends notifications with AsyncHTTPClient. Redirects are not followed (contract, section 7).
package final class HTTPClientSender: NotificationSender {
    private let client: HTTPClient
    private let request: NotificationRequest
    private let timeout: Duration

    /// How much of an answer is kept, in bytes; the rest is not read.
    private static let answerBytes = 64 << 10

    /// - Parameters:
    ///   - version: What follows `NetServer-Webhook/` in `User-Agent`.
    ///   - timeout: For everything from connecting to the end of the answer.
    ///   - validatesHTTPS: Whether the certificate of an `https` target must be valid.
    package init(version: String, timeout: Duration, validatesHTTPS: Bool) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(min(timeout, .seconds(10)))
        configuration.decompression = .disabled
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        configuration.httpVersion = .http1Only
        if !validatesHTTPS {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        request = NotificationRequest(version: version)
        self.timeout = timeout
    }

    /// Ends all connections. Nothing may be sent afterwards.
    package func shutdown() async throws {
        try await client.shutdown()
    }

    package func send(_ notification: WebhookNotification) async -> SendOutcome {
        var post = HTTPClientRequest(url: notification.url)
        post.method = .POST
        post.headers = request.headers(of: notification)
        post.body = .bytes(ByteBuffer(bytes: notification.body))
        do {
            let response = try await client.execute(post, timeout: TimeAmount(timeout))
            var body: [UInt8] = []
            for try await part in response.body {
                body.append(contentsOf: part.readableBytesView.prefix(Self.answerBytes - body.count))
                if body.count == Self.answerBytes { break }
            }
            return .answered(
                TargetAnswer(
                    status: Int(response.status.code),
                    reason: response.status.reasonPhrase,
                    headers: response.headers.map { .init(key: $0.name, value: $0.value) },
                    body: body
                )
            )
        } catch {
            return .failed(failure(error))
        }
    }

    private func failure(_ error: any Error) -> SendFailure {
        switch error {
        case is CancellationError:
            SendFailure(.shutdown, Self.stopped)
        case let error as HTTPClientError:
            failure(error)
        case let error as NIOConnectionError:
            SendFailure(.connection, "The target could not be reached: \(Self.reason(error)).")
        case let error as IOError:
            SendFailure(.connection, "The connection to the target failed: \(error.description).")
        case is HTTPParserError:
            SendFailure(.protocolViolation, "The target's answer is not HTTP.")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            SendFailure(.tls, "The TLS connection to the target failed: \(error) (setting validate-https).")
        default:
            SendFailure(.connection, "The target could not be reached: \(error).")
        }
    }

    private func failure(_ error: HTTPClientError) -> SendFailure {
        if error == .cancelled || error == .alreadyShutdown { return SendFailure(.shutdown, Self.stopped) }
        if error == .invalidURL || error == .emptyHost || error == .emptyScheme {
            return SendFailure(.invalidURL, "The target is not a URL that can be posted to.")
        }
        if error == .deadlineExceeded || error == .readTimeout || error == .connectTimeout {
            return SendFailure(.timeout, "The target did not answer within \(timeout) (setting delivery-timeout).")
        }
        return SendFailure(.connection, "The target could not be reached: \(error.shortDescription).")
    }

    private static let stopped = "The service stopped before the target answered."

    private static func reason(_ error: NIOConnectionError) -> String {
        if let failed = error.connectionErrors.first { return "\(failed.error)" }
        return (error.dnsAError ?? error.dnsAAAAError).map { "\($0)" } ?? "connection refused"
    }
}
