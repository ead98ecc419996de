/// How the body of a request may be packed.
package enum ContentCoding {
    /// The codings that are unpacked, as a header lists them.
    package static let accepted = "gzip, deflate"

    /// Whether a header `Content-Encoding` leaves nothing to unpack: the HTTP server removes the header of what it has unpacked.
    ///
    /// - Parameter header: The header's value; nil where there is none.
    package static func isNone(_ header: String?) -> Bool { ["", "identity"].contains(header?.lowercased() ?? "") }
}
