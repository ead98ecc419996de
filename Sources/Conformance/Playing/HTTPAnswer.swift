/// What a service answered.
package struct HTTPAnswer: Sendable, Equatable {
    /// HTTP status.
    package let status: Int
    /// Value of `Content-Type`, nil when there was none.
    package let contentType: String?
    /// The whole body.
    package let body: [UInt8]

    /// The media type without its parameters, in lower case; empty when there is none.
    var mediaType: String {
        let type = contentType?.prefix { $0 != ";" } ?? ""
        return type.filter { !$0.isWhitespace }.lowercased()
    }

    /// The largest body that is read, in bytes.
    package static let largestBody = 64 << 20
}
