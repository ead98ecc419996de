/// An HTTP request as a capture holds it: what a client put on the wire, byte for byte.
package struct RawRequest: Sendable, Equatable {
    /// One field of the head.
    package struct Header: Sendable, Equatable {
        /// The name as it was sent.
        package let name: String
        /// The value without the white space around it.
        package let value: String

        /// Creates a header.
        package init(name: String, value: String) {
            (self.name, self.value) = (name, value)
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

    /// The envelope form that it is written in.
    var form: FixtureForm {
        String(decoding: body, as: UTF8.self).contains(Vocabulary.soap12) ? .soap12 : .soap11
    }

    /// The value of the first field of that name, which is compared without regard to case; nil when there is none.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The request as it is sent to `target`: its path and `Host`, with the target's credentials and `receiver` in place of
    /// those that were captured. Ids become one that no webhook has, and events ones that nobody listens to, since the
    /// captured ones may be somebody's here.
    func readdressed(to target: ConformanceTarget, ticket: String, token: String, receiver: String) -> [UInt8] {
        let replaced = Self.replaced(String(decoding: body, as: UTF8.self), ticket, token, receiver)
        let line = requestLine.split(separator: " ")
        let path = line[1].drop { $0 != "/" }.firstRange(of: "/Remote").map { line[1][$0.lowerBound...] } ?? line[1]
        var head = "\(line[0]) \(target.path)\(path) \(line[2])\r\n"
        for header in headers {
            let value =
                switch header.name.lowercased() {
                case "host": target.authority
                case "content-length": String(replaced.utf8.count)
                default: header.value
                }
            head += "\(header.name): \(value)\r\n"
        }
        return Array((head + "\r\n" + replaced).utf8)
    }

    private static func replaced(_ body: String, _ ticket: String, _ token: String, _ receiver: String) -> String {
        body.replacing("7T:ticket-1", with: FixtureVariables.escaped(ticket))
            .replacing("apptoken-1", with: FixtureVariables.escaped(token))
            .replacing(/(contact|person|sale)\.(created|changed)/) { "fixture.\($0.output.2)" }
            .replacing(/http:\/\/127\.0\.0\.1:[0-9]+\/hook\/[-a-z0-9]+/, with: FixtureVariables.escaped(receiver))
            .replacing(/(WebhookId[^>]*>)1[0-9][0-9]</) { "\($0.output.1)\(Int32.max)<" }
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
