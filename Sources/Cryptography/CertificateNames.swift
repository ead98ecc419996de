import COpenSSL
import Foundation

/// Whom a certificate is for.
package struct CertificateNames: Sendable, Hashable, CustomStringConvertible {
    private let certificate: [UInt8]

    /// The names as OpenSSL shows them, `DNS:crm.example.com, IP Address:192.0.2.1`; empty where it has none.
    package let description: String

    /// - Parameter certificate: The certificate in DER. nil when it is none.
    package init?(certificate: [UInt8]) {
        self.certificate = certificate
        guard let names = Self.reading(certificate, Self.names) else { return nil }
        description = names
    }

    /// Whether the certificate is for `host`, which is a name with A-labels or an address (RFC 9525): dNSName entries are
    /// for names alone, and a wildcard in them for one whole left-most label; iPAddress entries are for addresses alone.
    /// The subject's common name does not count.
    package func include(_ host: String) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if let address = Self.address(name) {
            return Self.reading(certificate) { X509_check_ip($0, address, address.count, 0) == 1 } ?? false
        }
        // OpenSSL would take a name that begins with a dot for all that end in it.
        guard !name.isEmpty, !name.hasPrefix(".") else { return false }
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        return Self.reading(certificate) { X509_check_host($0, name, name.utf8.count, flags, nil) == 1 } ?? false
    }

    private static func address(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    private static func reading<Value>(_ certificate: [UInt8], _ body: (OpaquePointer) -> Value) -> Value? {
        certificate.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            guard let parsed = d2i_X509(nil, &next, bytes.count) else { return nil }
            defer { X509_free(parsed) }
            return body(parsed)
        }
    }

    private static func names(_ certificate: OpaquePointer) -> String {
        let index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
        guard index >= 0, let names = X509_get_ext(certificate, index), let output = BIO_new(BIO_s_mem()) else {
            return ""
        }
        defer { BIO_free(output) }
        guard X509V3_EXT_print(output, names, 0, 0) == 1 else { return "" }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = BIO_read(output, &part, Int32(part.count))
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += part[..<Int(count)]
        }
    }
}
