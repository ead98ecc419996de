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
    private let timeout: TimeAmount
    private let authorities: [NIOSSLCertificate]

    /// - Parameters:
    ///   - target: Where requests go.
    ///   - timeout: How long one exchange may take.
    ///   - authorityFile: A PEM file of authorities to trust beside the system's.
    ///   - body: Uses the client, whose connections end with it.
    ///
    /// Throws ``ConformanceError/unreadable(file:reason:)``, or what `body` throws.
    package static func with<Result: Sendable>(
        target: ConformanceTarget,
        timeout: Duration,
        authorityFile: String? = nil,
        _ body: (ConformanceClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .enabled(limit: .size(HTTPAnswer.largestBody))
        // A refused connection is news at once; the client would try until the time is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        var authorities: [NIOSSLCertificate] = []
        if let authorityFile {
            do {
                authorities = try NIOSSLCertificate.fromPEMFile(authorityFile)
            } catch {
                throw ConformanceError.unreadable(file: authorityFile, reason: "it is no PEM file of certificates")
            }
            configuration.tlsConfiguration = tls(trusting: authorities)
        }
        let wait = TimeAmount(timeout)
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            let client = ConformanceClient(target: target, http: http, timeout: wait, authorities: authorities)
            return try await body(client)
        }
    }

    /// Makes sure that something answers HTTP there. Throws ``ConformanceError/unreachable(target:reason:)``.
    package func connect() async throws(ConformanceError) {
        do {
            let url = target.base + FixtureService.webhook.path
            _ = try await http.execute(HTTPClientRequest(url: url), timeout: timeout)
        } catch {
            throw .unreachable(target: target.base, reason: Self.reason(error))
        }
    }

    /// Posts an envelope to a service. Throws ``ConformanceError/noAnswer(reason:)``.
    func post(
        _ envelope: [UInt8],
        to service: FixtureService,
        contentType: String,
        action: String?
    ) async throws(ConformanceError) -> HTTPAnswer {
        var request = HTTPClientRequest(url: target.base + service.path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: contentType)
        if let action { request.headers.add(name: "SOAPAction", value: action) }
        request.body = .bytes(envelope)
        do {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: HTTPAnswer.largestBody)
            return HTTPAnswer(
                status: Int(response.status.code),
                contentType: response.headers.first(name: "Content-Type"),
                body: Array(body.readableBytesView)
            )
        } catch {
            throw .noAnswer(reason: Self.reason(error))
        }
    }

    /// Sends a request as it stands and reads its answer. Throws ``ConformanceError/noAnswer(reason:)``.
    func send(_ request: [UInt8]) async throws(ConformanceError) -> HTTPAnswer {
        do {
            let tls = target.scheme == "https" ? try NIOSSLContext(configuration: Self.tls(trusting: authorities)) : nil
            return try await RawConnection(target: target, tls: tls, timeout: timeout).exchange(request)
        } catch {
            throw .noAnswer(reason: Self.reason(error))
        }
    }

    private static func tls(trusting authorities: [NIOSSLCertificate]) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = [.certificates(authorities)]
        return tls
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "no connection"
        case let error as IOError: error.localizedDescription
        case is CancellationError: "cancelled"
        default: String(describing: error)
        }
    }
}
