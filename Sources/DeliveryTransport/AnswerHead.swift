import NIOCore
import NIOHTTP1

/// The status line and the header lines of an answer.
struct AnswerHead {
    typealias ViolationError = AnswerParser.ViolationError

    let status: Int
    /// As the target wrote it, without control characters; the standard one where it wrote none.
    let reason: String
    private(set) var fields: [(name: String, value: String)] = []
    private let isOfHTTP1_0: Bool

    /// What is shown of a reason phrase, in characters.
    private static let reasonLength = 200
    /// What every answer begins with.
    private static let mark = Array("HTTP/1.".utf8)

    /// Reads a status line.
    init(statusLine line: ByteBufferView) throws(ViolationError) {
        let version = line.dropFirst(Self.mark.count)
        guard line.starts(with: Self.mark), let minor = version.first,
            minor == UInt8(ascii: "0") || minor == UInt8(ascii: "1"),
            Self.isBlank(version.dropFirst().first)
        else { throw Self.noHTTP(line) }
        let rest = version.dropFirst().drop(while: Self.isBlank)
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let status = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard digits.count == 3, status >= 100 else {
            throw ViolationError(
                description: "its status line '\(Self.excerpt(line))' has no status code of three digits"
            )
        }
        let reason = Self.text(rest.dropFirst(3).map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 })
            .prefix(Self.reasonLength)
        self.status = status
        self.reason = reason.isEmpty ? HTTPResponseStatus(statusCode: status).standardReason : String(reason)
        isOfHTTP1_0 = minor == UInt8(ascii: "0")
    }

    /// Adds a header line to the head, or to the line before it where it is folded.
    mutating func add(_ line: ByteBufferView) throws(ViolationError) {
        // A CR within a line stands for a blank (RFC 9112, section 2.2).
        let line = line.map { $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
        if Self.isBlank(line.first) {
            guard let last = fields.popLast() else {
                throw ViolationError(description: "its first header line is folded")
            }
            let parts = [last.value, Self.text(line)].filter { !$0.isEmpty }
            fields.append((last.name, parts.joined(separator: " ")))
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw ViolationError(description: "its header line '\(Self.excerpt(line))' has no name")
        }
        fields.append((Self.text(line[..<colon]), Self.text(line[(colon + 1)...])))
    }

    /// Refuses at once what cannot become an answer.
    static func checkBegin(_ bytes: ByteBufferView) throws(ViolationError) {
        let begin = bytes.prefix(mark.count)
        // A lone CR may be the beginning of an empty line.
        guard !begin.isEmpty, !mark.starts(with: begin), !begin.elementsEqual([UInt8(ascii: "\r")]) else { return }
        throw noHTTP(bytes)
    }

    private static func noHTTP(_ bytes: ByteBufferView) -> ViolationError {
        // The beginning of a TLS record that holds an alert or a handshake.
        if let first = bytes.first, first == 0x15 || first == 0x16, bytes.dropFirst().first == 3 {
            return ViolationError(description: "it is TLS; the URL may have to begin with https:")
        }
        return ViolationError(description: "it begins with '\(excerpt(bytes))' instead of 'HTTP/1.1'")
    }

    // MARK: Framing

    /// Where the body ends, and whether the target keeps the connection for another request.
    struct Framing {
        enum Body {
            case length(Int)
            case chunks
            case toEnd
        }

        var body: Body
        var keepsConnection: Bool
    }

    /// How the body's end is found (RFC 9112, section 6.3).
    func framing() throws(ViolationError) -> Framing {
        let options = tokens("connection")
        let keepsConnection = isOfHTTP1_0 ? options.contains("keep-alive") : !options.contains("close")
        switch status {
        // Nobody asked for another protocol, and HTTP is over.
        case 101: return Framing(body: .length(0), keepsConnection: false)
        case 204, 304: return Framing(body: .length(0), keepsConnection: keepsConnection)
        default: break
        }
        let codings = tokens("transfer-encoding").filter { $0 != "identity" }
        let lengths = fields.filter { $0.name.lowercased() == "content-length" }
        if let last = codings.last {
            // After two lengths the connection is not to be trusted.
            let isSound = !isOfHTTP1_0 && lengths.isEmpty
            if last == "chunked" { return Framing(body: .chunks, keepsConnection: keepsConnection && isSound) }
        } else if let first = lengths.first {
            let values = lengths.flatMap { $0.value.split(separator: ",", omittingEmptySubsequences: false) }
                .map { Self.number($0) }
            guard let length = values.first ?? nil, values.allSatisfy({ $0 == length }) else {
                let shown = Self.excerpt(Array((lengths.dropFirst().reduce(first.value) { "\($0), \($1.value)" }).utf8))
                throw ViolationError(description: "its Content-Length is '\(shown)'")
            }
            return Framing(body: .length(length), keepsConnection: keepsConnection)
        }
        return Framing(body: .toEnd, keepsConnection: false)
    }

    /// A length, without bound where it is beyond all bounds.
    private static func number(_ text: Substring) -> Int? {
        let digits = Self.text(Array(text.utf8))
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int(digits) ?? .max
    }

    /// The elements of all lines with this name, in small letters.
    private func tokens(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.flatMap { $0.value.split(separator: ",") }.map { element in
            String(element.lowercased().filter { !$0.isWhitespace })
        }.filter { !$0.isEmpty }
    }

    // MARK: Bytes

    static func isBlank(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Bytes as text, without blanks around it.
    private static func text(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        let begin = bytes.drop(while: isBlank)
        let end = begin.lastIndex { !isBlank($0) }.map { begin.index(after: $0) } ?? begin.startIndex
        return String(decoding: begin[..<end], as: UTF8.self)
    }

    /// The beginning of bytes that are no HTTP, in characters that can be shown.
    static func excerpt(_ bytes: some Sequence<UInt8>) -> String {
        let shown = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }.prefix(40)
        return String(decoding: shown.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}

extension HTTPResponseStatus {
    /// The phrase of a registered code, empty for another.
    fileprivate var standardReason: String {
        if case .custom = self { "" } else { reasonPhrase }
    }
}
