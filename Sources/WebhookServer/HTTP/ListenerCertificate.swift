import Foundation
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

    /// Reads the files again, which blocks. Throws ``Problem``, and goes on with what it has then.
    func reload() throws(Problem) {
        let context = try Self.read(files)
        current.withLock { $0 = context }
    }

    private static func read(_ files: Files) throws(Problem) -> NIOSSLContext {
        let chain = try parse(files.certificate, isKey: false, expecting: "certificates in PEM") { bytes in
            let chain = try NIOSSLCertificate.fromPEMBytes(bytes)
            return chain.isEmpty ? nil : chain
        }
        let key = try parse(files.key, isKey: true, expecting: "private key in PEM without a passphrase") { bytes in
            // A passphrase would be asked for on the terminal.
            try NIOSSLPrivateKey(bytes: bytes, format: .pem) { setter in setter([UInt8]()) }
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

    private static func parse<Value>(
        _ path: String,
        isKey: Bool,
        expecting expected: String,
        _ parse: ([UInt8]) throws -> Value?
    ) throws(Problem) -> Value {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw Problem(text: "the file '\(path)' cannot be read", isKey: isKey)
        }
        guard let value = try? parse(Array(content)) else {
            throw Problem(text: "the file '\(path)' holds no \(expected)", isKey: isKey)
        }
        return value
    }
}
