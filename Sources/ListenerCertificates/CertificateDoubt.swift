import Foundation
import Logging

/// Why clients will refuse the listener's certificate.
struct CertificateDoubt: Sendable, Hashable {
    /// What is wrong.
    enum Reason: Sendable, Hashable {
        case expired
        case notYetValid
        /// It is not for the host that clients know the service by.
        case otherHost(String)
    }

    var reason: Reason
    /// The path of the file that holds the certificate.
    var file: String
    /// The place of the certificate in the file, from 1 on. Those of authorities come after the service's own.
    var position: Int
    /// The subject of the certificate.
    var names: String
    var from: Date
    var to: Date

    /// Logs the doubt. The service goes on: a client may take the certificate all the same.
    func log(to logger: Logger) {
        let metadata: Logger.Metadata = [
            "file": "\(file)", "certificate": "\(position)", "names": "\(names.isEmpty ? "none" : names)",
            "valid-from": "\(from.formatted(.iso8601))", "valid-to": "\(to.formatted(.iso8601))",
        ]
        switch reason {
        case .expired: logger.error("the TLS certificate has expired: clients refuse it", metadata: metadata)
        case .notYetValid: logger.error("the TLS certificate is not valid yet: clients refuse it", metadata: metadata)
        case .otherHost(let host):
            logger.warning(
                "the TLS certificate is not for \(host): clients that ask for it refuse it",
                metadata: metadata
            )
        }
    }
}
