import NIOCore
import NIOHTTP1
import WebhookModel

/// The status line and the header lines of an answer.
struct AnswerHead {
    typealias ViolationError = AnswerParser.ViolationError

    let status: Int
    /// As the target wrote it, without control characters; the standard one where it wrote none.
    let reason: String
    private(set) var fields: [StringDictionary.Entry] = []
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
        let phrase = Self.text(rest.dropFirst(3).map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 })
        // Few bytes hold few characters.
        let reason = phrase.utf8.count <= Self.reasonLength ? phrase : String(phrase.prefix(Self.reasonLength))
        self.status = status
        self.reason = reason.isEmpty ? HTTPResponseStatus(statusCode: status).standardReason : reason
        isOfHTTP1_0 = minor == UInt8(ascii: "0")
    }

    /// Adds a header line to the head, or to the line before it where it is folded.
    mutating func add(_ line: ByteBufferView) throws(ViolationError) {
        guard line.contains(UInt8(ascii: "\r")) else { return try addLine(line) }
        // A CR within a line stands for a blank (RFC 9112, section 2.2).
        let bytes = line.map { $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
        try addLine(ByteBuffer(bytes: bytes).readableBytesView)
    }

    private mutating func addLine(_ line: ByteBufferView) throws(ViolationError) {
        if Self.isBlank(line.first) {
            guard let last = fields.popLast() else {
                throw ViolationError(description: "its first header line is folded")
            }
            let parts = [last.value ?? "", Self.text(line)].filter { !$0.isEmpty }
            fields.append(.init(key: last.key, value: parts.joined(separator: " ")))
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
            throw ViolationError(description: "its header line '\(Self.excerpt(line))' has no name")
        }
        fields.append(.init(key: Self.text(line[..<colon]), value: Self.text(line[(colon + 1)...])))
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
        if let last = codings.last {
            // After two lengths the connection is not to be trusted.
            let isSound = !isOfHTTP1_0 && lengths.isEmpty
            if last == "chunked" { return Framing(body: .chunks, keepsConnection: keepsConnection && isSound) }
        } else if let length = try length() {
            return Framing(body: .length(length), keepsConnection: keepsConnection)
        }
        return Framing(body: .toEnd, keepsConnection: false)
    }

    /// The values of the lines that tell the body's length.
    private var lengths: [String] {
        fields.filter { Self.isNamed($0.key, "content-length") }.map { $0.value ?? "" }
    }

    /// The body's length; nil where no line tells it.
    private func length() throws(ViolationError) -> Int? {
        let lengths = lengths
        var length: Int?
        for value in lengths {
            for part in value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let number = Self.number(part), number == length ?? number else {
                    let shown = Self.excerpt(lengths.joined(separator: ", ").utf8)
                    throw ViolationError(description: "its Content-Length is '\(shown)'")
                }
                length = number
            }
        }
        return length
    }

    /// A length, without bound where it is beyond all bounds.
    private static func number(_ text: Substring.UTF8View) -> Int? {
        let begin = text.drop(while: isBlank)
        let digits = begin.prefix { !isBlank($0) }
        guard !digits.isEmpty, begin.dropFirst(digits.count).allSatisfy(isBlank) else { return nil }
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, isTooLong) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            number = isTooLong || isTooLarge ? .max : sum
        }
        return number
    }

    /// The elements of all lines with this name, in small letters and without white space.
    private func tokens(_ name: StaticString) -> [String] {
        var tokens: [String] = []
        for field in fields where Self.isNamed(field.key, name) {
            for element in (field.value ?? "").utf8.split(separator: UInt8(ascii: ",")) {
                let token = element.lazy.filter { !Self.isSpace($0) }.map(Self.lowercase)
                if !token.isEmpty { tokens.append(String(decoding: token, as: UTF8.self)) }
            }
        }
        return tokens
    }

    /// Whether a name is one of HTTP, which is given in small letters. HTTP compares the letters of ASCII without their case.
    private static func isNamed(_ name: String, _ expected: StaticString) -> Bool {
        guard name.utf8.count == expected.utf8CodeUnitCount else { return false }
        return expected.withUTF8Buffer { expected in
            zip(name.utf8, expected).allSatisfy { lowercase($0) == $1 }
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

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
