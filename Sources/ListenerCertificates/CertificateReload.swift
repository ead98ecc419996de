import Foundation
package import Logging
import NIOPosix
import ServiceLifecycle

/// Reads the listener's certificate anew whenever it is told to.
package struct CertificateReload: Service, CustomStringConvertible {
    /// Services are logged as they describe themselves.
    package var description: String { "CertificateReload" }

    private let certificate: ListenerCertificate?
    private let host: String?
    private let requests: any AsyncSequence<Void, Never> & Sendable
    private let logger: Logger

    /// Creates a service that reads a certificate again for each request.
    ///
    /// - Parameters:
    ///   - certificate: nil for a listener without TLS, for which there is nothing to do.
    ///   - host: The name or address that clients know the service by; nil where that is not known.
    package init(
        certificate: ListenerCertificate?,
        host: String?,
        requests: any AsyncSequence<Void, Never> & Sendable,
        logger: Logger
    ) {
        (self.certificate, self.host, self.requests, self.logger) = (certificate, host, requests, logger)
    }

    /// Logs what clients will doubt, then reads the certificate again whenever it is asked to, until the service stops.
    package func run() async {
        sayDoubts()
        await cancelWhenGracefulShutdown {
            for await _ in requests {
                guard let certificate else {
                    logger.notice("nothing to reload: the listener has no certificate (setting tls-cert)")
                    continue
                }
                do {
                    try await NIOThreadPool.singleton.runIfActive { try certificate.reload() }
                    logger.notice("the certificate was reloaded")
                    sayDoubts()
                } catch {
                    let text = (error as? ListenerCertificate.LoadError)?.text ?? "\(error)"
                    logger.error("the certificate stays as it was", metadata: ["error": "\(text)"])
                }
            }
        }
        // Ended requests must not end the service.
        try? await gracefulShutdown()
    }

    private func sayDoubts() {
        for doubt in certificate?.doubts(host: host, now: Date()) ?? [] { doubt.log(to: logger) }
    }
}
