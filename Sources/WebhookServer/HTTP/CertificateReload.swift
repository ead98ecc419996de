import AgentCore
import Foundation
import Logging
import NIOPosix
import ServiceLifecycle

/// Reads the listener's certificate anew whenever it is told to.
struct CertificateReload: Service, CustomStringConvertible {
    var description: String { "CertificateReload" }

    /// nil for a listener without TLS, for which there is nothing to do.
    let certificate: ListenerCertificate?
    /// The name or address that clients know the service by; nil where that is not known.
    let host: String?
    let requests: any AsyncSequence<Void, Never> & Sendable
    let logger: Logger

    func run() async {
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
                    let text = (error as? ListenerCertificate.Problem)?.text ?? "\(error)"
                    logger.error("the certificate stays as it was", metadata: ["error": "\(text)"])
                }
            }
        }
        // Ended requests must not end the service.
        try? await gracefulShutdown()
    }

    private func sayDoubts() {
        for doubt in certificate?.doubts(host: host, now: Timestamp(Date())) ?? [] { doubt.log(to: logger) }
    }
}
