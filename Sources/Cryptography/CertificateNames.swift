import COpenSSL

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

    /// Whether clients take the certificate for that of `host`, which is a name or an address. The subject's common name
    /// does not count, as in browsers, .NET and Java (RFC 9110, section 4.3.4).
    package func include(_ host: String) -> Bool {
        Self.reading(certificate) { certificate in
            X509_check_ip_asc(certificate, host, 0) == 1
                || X509_check_host(certificate, host, 0, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), nil) == 1
        } ?? false
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
