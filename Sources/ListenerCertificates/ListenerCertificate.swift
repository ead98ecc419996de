import Cryptography
import Foundation
import NIOCore
package import NIOSSL
import Synchronization

/// The listener's certificate, which can be read anew while the service runs.
package final class ListenerCertificate: Sendable {
    /// The paths of the certificate and its key, both in PEM.
    package struct Files: Sendable, Hashable {
        /// The certificate, followed by those of the authorities between it and the root.
        package var certificate: String
        /// Its private key, without a passphrase.
        package var key: String

        /// Creates the paths of the two files.
        package init(certificate: String, key: String) {
            (self.certificate, self.key) = (certificate, key)
        }
    }

    /// Why a certificate cannot be used.
    package struct LoadError: Error {
        /// What is wrong.
        package let text: String
        /// Whether it is the key's fault.
        package let isKey: Bool
    }

    /// The content of the files.
    private struct Content {
        let context: NIOSSLContext
        /// The certificate, and those of authorities after it.
        let chain: [NIOSSLCertificate]
    }

    private let files: Files
    private let ciphers: TLSCiphers
    private let current: Mutex<Content>

    /// Reads the files. Throws ``LoadError``.
    package init(_ files: Files, ciphers: TLSCiphers = .modern) throws(LoadError) {
        self.files = files
        self.ciphers = ciphers
        current = Mutex(try Self.read(files, ciphers))
    }

    /// The TLS context of the next connection.
    package var context: NIOSSLContext { current.withLock { $0.context } }

    /// Reads the files again, which blocks. Throws ``LoadError`` and keeps the present certificate when they cannot be used.
    func reload() throws(LoadError) {
        let content = try Self.read(files, ciphers)
        current.withLock { $0 = content }
    }

    /// Why clients will refuse the certificate; empty when they will not.
    ///
    /// - Parameter host: The name or address that they know the service by; nil where that is not known.
    func doubts(host: String?, now: Date) -> [CertificateDoubt] {
        let chain = current.withLock { $0.chain }
        var doubts: [CertificateDoubt] = []
        for (index, certificate) in chain.enumerated() {
            let names = (try? certificate.toDERBytes()).flatMap(CertificateNames.init)
            let from = Date(timeIntervalSince1970: Double(certificate.notValidBefore))
            let to = Date(timeIntervalSince1970: Double(certificate.notValidAfter))
            func doubt(_ reason: CertificateDoubt.Reason) {
                doubts.append(
                    CertificateDoubt(
                        reason: reason,
                        file: files.certificate,
                        position: index + 1,
                        names: names.map(\.description) ?? "",
                        from: from,
                        to: to
                    )
                )
            }
            if now > to { doubt(.expired) }
            if now < from { doubt(.notYetValid) }
            if index == 0, let host, names?.include(host) == false { doubt(.otherHost(host)) }
        }
        return doubts
    }

    private static func read(_ files: Files, _ ciphers: TLSCiphers) throws(LoadError) -> Content {
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
        // Older versions have been withdrawn (RFC 8996).
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuites = ciphers.suites
        // For a client that does not answer when it is told of the end.
        configuration.shutdownTimeout = .seconds(3)
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return Content(context: try NIOSSLContext(configuration: configuration), chain: chain)
        } catch {
            throw LoadError(text: "the key in '\(files.key)' is not that of the certificate", isKey: true)
        }
    }

    private static func parse<Value>(
        _ path: String,
        isKey: Bool,
        expecting expected: String,
        _ parse: ([UInt8]) throws -> Value?
    ) throws(LoadError) -> Value {
        guard let content = FileManager.default.contents(atPath: path) else {
            throw LoadError(text: "the file '\(path)' cannot be read", isKey: isKey)
        }
        guard let value = try? parse(Array(content)) else {
            throw LoadError(text: "the file '\(path)' holds no \(expected)", isKey: isKey)
        }
        return value
    }
}

/// Which cipher suites of TLS 1.2 the listener takes; those of TLS 1.3 cannot be chosen.
package enum TLSCiphers: String, Sendable, CaseIterable {
    /// Forward secrecy and authenticated encryption, as RFC 9325 recommends.
    case modern
    /// Also CBC with SHA-1, and RSA without forward secrecy, for clients that know nothing else.
    case legacy

    /// The suites, as OpenSSL writes lists of them.
    var suites: String {
        switch self {
        case .modern: "ECDHE+AESGCM:ECDHE+CHACHA20"
        case .legacy: Self.modern.suites + ":ECDHE+AES:RSA+AESGCM:RSA+AES"
        }
    }
}
