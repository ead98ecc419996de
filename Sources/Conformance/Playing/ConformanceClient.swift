import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// Sends requests to a target.
package struct ConformanceClient: Sendable {
    /// Where requests go.
    package let target: ConformanceTarget
    private let http: HTTPClient
    private let timeout: Duration
    private let authorities: [NIOSSLCertificate]
    private let largestBody: Int

    /// - Parameters:
    ///   - target: Where requests go.
    ///   - timeout: How long one exchange may take.
    ///   - authorityFile: A PEM file of authorities to trust beside the system's.
    ///   - largestBody: How much of an answer is read, in bytes.
    ///   - body: Uses the client, whose connections end with it.
    ///
    /// Throws ``ConformanceError/unreadable(file:reason:)``, or what `body` throws.
    package static func with<Result: Sendable>(
        target: ConformanceTarget,
        timeout: Duration,
        authorityFile: String? = nil,
        largestBody: Int = HTTPAnswer.largestBody,
        _ body: (ConformanceClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .enabled(limit: .size(largestBody))
        // A refused connection is news at once; the client would try until the time is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        var authorities: [NIOSSLCertificate] = []
        if let authorityFile {
            do {
                authorities = try NIOSSLCertificate.fromPEMFile(authorityFile)
            } catch {
                throw ConformanceError.unreadable(
                    file: authorityFile,
                    reason: "it is not there, or no PEM file of certificates"
                )
            }
            configuration.tlsConfiguration = tls(trusting: authorities)
        }
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            let client = ConformanceClient(
                target: target,
                http: http,
                timeout: timeout,
                authorities: authorities,
                largestBody: largestBody
            )
            return try await body(client)
        }
    }

    /// Makes sure that something answers HTTP there. Throws ``ConformanceError/unreachable(target:reason:)``.
    package func connect() async throws(ConformanceError) {
        do {
            let url = target.base + FixtureService.webhook.path(number: FixtureService.usualNumber)
            _ = try await withinTimeout {
                try await http.execute(HTTPClientRequest(url: url), timeout: TimeAmount(timeout))
            }
        } catch {
            throw .unreachable(target: target.base, reason: reason(error))
        }
    }

    /// Posts an envelope to a service of a number. Throws ``ConformanceError/noAnswer(reason:)``.
    func post(
        _ envelope: [UInt8],
        to service: FixtureService,
        number: Int = FixtureService.usualNumber,
        contentType: String,
        action: String?
    ) async throws(ConformanceError) -> HTTPAnswer {
        var request = HTTPClientRequest(url: target.base + service.path(number: number))
        request.method = .POST
        request.headers.add(name: "Content-Type", value: contentType)
        if let action { request.headers.add(name: "SOAPAction", value: action) }
        request.body = .bytes(envelope)
        do {
            let request = request
            return try await withinTimeout {
                let response = try await http.execute(request, timeout: TimeAmount(timeout))
                let body = try await response.body.collect(upTo: largestBody)
                return HTTPAnswer(
                    status: Int(response.status.code),
                    contentType: response.headers.first(name: "Content-Type"),
                    body: Array(body.readableBytesView)
                )
            }
        } catch {
            throw .noAnswer(reason: reason(error))
        }
    }

    /// Sends a request as it stands and reads its answer. Throws ``ConformanceError/noAnswer(reason:)``.
    func send(_ request: [UInt8]) async throws(ConformanceError) -> HTTPAnswer {
        do {
            let tls =
                target.scheme == "https" ? try NIOSSLContext(configuration: Self.tls(trusting: authorities)) : nil
            let connection = RawConnection(
                target: target,
                tls: tls,
                timeout: TimeAmount(timeout),
                largestBody: largestBody
            )
            return try await withinTimeout { try await connection.exchange(request) }
        } catch {
            throw .noAnswer(reason: reason(error))
        }
    }

    private static func tls(trusting authorities: [NIOSSLCertificate]) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = [.certificates(authorities)]
        return tls
    }

    /// Bounds an exchange from its connection to the last byte of its answer.
    private func withinTimeout<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else {
                throw ConformanceError.noAnswer(reason: "no answer within \(timeout.components.seconds) s")
            }
            return value
        }
    }

    /// Why there was no answer, for people.
    private func reason(_ error: any Error) -> String {
        switch error {
        case ConformanceError.noAnswer(let reason): reason
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "no host of the name \(error.host) is known"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case is NIOTooManyBytesError, NIOHTTPDecompression.DecompressionError.limit:
            "an answer of more than \(largestBody >> 20) MiB"
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            "the body is not packed as its Content-Encoding says, or is cut short"
        case let error as HTTPClientError
        where [.connectTimeout, .deadlineExceeded, .readTimeout].contains(error): "no answer in time"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            "the connection ended without an answer"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            "TLS failed: the certificate is not trusted (--ca-file), or it does not speak TLS"
        case is HTTPParserError: "what was answered is not HTTP"
        default: String(describing: error)
        }
    }
}
