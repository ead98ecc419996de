import NIOSSL
import Synchronization

/// The listener's certificate, which can be read anew while the service runs.
package final class ListenerCertificate: Sendable {
    /// Where it is, both in PEM.
    package struct Files: Sendable, Hashable {
        /// The certificate, those of the authorities between it and the root after it.
        package var certificate: String
        /// Its private key, without a passphrase.
        package var key: String

        /// With these members.
        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Why a certificate cannot be used.
    struct Problem: Error {
        let text: String
        /// Whether it is the key's fault.
        let isKey: Bool
    }

    private let files: Files
    private let current: Mutex<NIOSSLContext>

    /// Reads the files. Throws ``Problem``.
    init(_ files: Files) throws(Problem) {
        self.files = files
        current = Mutex(try Self.read(files))
    }

    /// What the next connection is served with.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Reads the files again. Throws ``Problem``, and goes on with what it has then.
    func reload() throws(Problem) {
        let context = try Self.read(files)
        current.withLock { $0 = context }
    }

    private static func read(_ files: Files) throws(Problem) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw Problem(text: "'\(files.certificate)' holds no certificates in PEM", isKey: false)
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw Problem(text: "'\(files.key)' holds no private key in PEM without a passphrase", isKey: true)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        // What is older has been withdrawn (RFC 8996).
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Problem(text: "the key in '\(files.key)' is not that of the certificate", isKey: true)
        }
    }
}
