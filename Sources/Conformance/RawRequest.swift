/// An HTTP request as a capture holds it: what a client put on the wire, byte for byte.
package struct RawRequest: Sendable, Equatable {
    /// One field of the head.
    package struct Header: Sendable, Equatable {
        /// The name as it was sent.
        package let name: String
        /// The value without the white space around it.
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The first line: method, target and version.
    package let requestLine: String
    /// The fields of the head, in the order sent.
    package let headers: [Header]
    /// What follows the empty line, still in its transfer coding if it has one.
    package let body: [UInt8]

    /// Takes a request apart. Throws ``ConformanceError/malformedRequest(reason:)``.
    package init(parsing bytes: [UInt8]) throws(ConformanceError) {
        guard let end = Self.endOfHead(in: bytes) else {
            throw .malformedRequest(reason: "no empty line ends its head")
        }
        // ISO-8859-1 rather than UTF-8: every byte is a character of it, so nothing of a head is lost.
        let head = String(String.UnicodeScalarView(bytes[..<end].map { Unicode.Scalar($0) }))
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let first = lines.first, first.split(separator: " ").count == 3 else {
            throw .malformedRequest(reason: "its first line is not a request line")
        }
        requestLine = String(first)
        var headers: [Header] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else {
                throw .malformedRequest(reason: "the line '\(line)' of its head has no colon")
            }
            let value = line[line.index(after: colon)...]
            headers.append(Header(name: String(line[..<colon]), value: Self.trimmed(value)))
        }
        self.headers = headers
        body = Array(bytes[(end + 4)...])
    }

    /// The value of the first field of that name, which is compared without regard to case; nil when there is none.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    private static func endOfHead(in bytes: [UInt8]) -> Int? {
        bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let head = text.drop(while: isBlank)
        return String(head.reversed().drop(while: isBlank).reversed())
    }
}
