import NIOCore

/// Reads one answer from its bytes. The parser takes the HTTP/1 that curl takes, within bounds.
///
/// A client that reads one answer, and trusts the connection afterwards only if every byte made sense, need not be stricter.
/// Lines may end without CR and may be folded (RFC 9112, sections 2.2 and 5.2). Equal Content-Length lines are one.
struct AnswerParser {
    /// A part of an answer.
    enum Part {
        case head(AnswerHead)
        case body(ByteBuffer)
        case end
    }

    /// Why an answer cannot be read, in words that follow a colon.
    struct ViolationError: Error, CustomStringConvertible {
        let description: String
    }

    private enum State {
        case statusLine
        case fields
        case fixed(Int)
        case toEnd
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case ended
    }

    /// Whether the target keeps the connection for another request.
    private(set) var keepsConnection = false
    private var state = State.statusLine
    private var head: AnswerHead?
    /// How many bytes, and how many lines, may still come outside the body.
    private var bytesLeft = Self.headBytes
    private var linesLeft = Self.lines
    private var interimLeft = Self.interimAnswers
    private var extensionBytesLeft = Self.extensionBytes
    /// How many of the buffer's bytes hold no end of a line.
    private var searched = 0

    /// All lines of an answer and of the interim answers before it, and its trailers.
    static let headBytes = 64 << 10
    /// The number of these lines.
    static let lines = 512
    /// The answers of the class 1xx before the final one.
    static let interimAnswers = 32
    /// Everything but the digits in the lines that begin chunks.
    static let extensionBytes = 16 << 10

    /// The next part, nil when more bytes are needed for it. Takes the part's bytes from the buffer.
    mutating func next(_ buffer: inout ByteBuffer) throws(ViolationError) -> Part? {
        while true {
            switch state {
            case .statusLine:
                guard let line = try headLine(&buffer) else {
                    try AnswerHead.checkBegin(buffer.readableBytesView)
                    return nil
                }
                guard !line.isEmpty else { continue }
                head = try AnswerHead(statusLine: line)
                state = .fields
            case .fields:
                guard let line = try headLine(&buffer) else { return nil }
                guard line.isEmpty, let head else {
                    try head?.add(line)
                    continue
                }
                if (100..<200).contains(head.status), head.status != 101 {
                    interimLeft -= 1
                    guard interimLeft >= 0 else {
                        throw ViolationError(description: "more than \(Self.interimAnswers) interim answers came (1xx)")
                    }
                    state = .statusLine
                    continue
                }
                let framing = try head.framing()
                keepsConnection = framing.keepsConnection
                state =
                    switch framing.body {
                    case .length(let length): .fixed(length)
                    case .chunks: .chunkSize
                    case .toEnd: .toEnd
                    }
                return .head(head)
            case .fixed(let missing):
                guard missing > 0 else {
                    state = .ended
                    return .end
                }
                guard let part = buffer.readSlice(length: min(missing, buffer.readableBytes)), part.readableBytes > 0
                else { return nil }
                state = .fixed(missing - part.readableBytes)
                return .body(part)
            case .toEnd:
                guard let part = buffer.readSlice(length: buffer.readableBytes), part.readableBytes > 0 else {
                    return nil
                }
                return .body(part)
            case .chunkSize:
                guard let size = try chunkSize(&buffer) else { return nil }
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(let missing):
                guard missing > 0 else {
                    state = .chunkEnd
                    continue
                }
                guard let part = buffer.readSlice(length: min(missing, buffer.readableBytes)), part.readableBytes > 0
                else { return nil }
                state = .chunk(missing - part.readableBytes)
                return .body(part)
            case .chunkEnd:
                let reason = "a chunk is longer than it says"
                guard let line = try self.line(&buffer, atMost: 1, or: reason) else { return nil }
                guard line.isEmpty else { throw ViolationError(description: reason) }
                state = .chunkSize
            case .trailers:
                guard let line = try headLine(&buffer) else { return nil }
                if line.isEmpty { state = .fixed(0) }
            case .ended:
                return nil
            }
        }
    }

    // MARK: Lines

    /// A line without its end, nil where there is none yet.
    private mutating func line(
        _ buffer: inout ByteBuffer,
        atMost limit: Int,
        or reason: @autoclosure () -> String
    ) throws(ViolationError) -> ByteBufferView? {
        let view = buffer.readableBytesView
        let feed = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n"))
        let length = feed.map { $0 - view.startIndex } ?? view.count
        guard length <= limit else { throw ViolationError(description: reason()) }
        guard let feed else {
            searched = length
            return nil
        }
        searched = 0
        buffer.moveReaderIndex(forwardBy: length + 1)
        let line = view[..<feed]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    private mutating func headLine(_ buffer: inout ByteBuffer) throws(ViolationError) -> ByteBufferView? {
        let before = buffer.readableBytes
        let line = try self.line(
            &buffer,
            atMost: bytesLeft,
            or: "it has more than \(Self.headBytes) bytes beside its body"
        )
        guard let line else { return nil }
        bytesLeft -= before - buffer.readableBytes
        linesLeft -= 1
        guard linesLeft >= 0 else {
            throw ViolationError(description: "it has more than \(Self.lines) lines beside its body")
        }
        guard !line.contains(0) else { throw ViolationError(description: "a header line holds a NUL byte") }
        return line
    }

    private mutating func chunkSize(_ buffer: inout ByteBuffer) throws(ViolationError) -> Int? {
        let tooLong = "its chunk extensions are more than \(Self.extensionBytes) bytes"
        guard let line = try self.line(&buffer, atMost: 16 + 1 + extensionBytesLeft, or: tooLong) else { return nil }
        let digits = line.prefix { Self.hexDigit($0) != nil }
        let rest = line.dropFirst(digits.count)
        guard (1...16).contains(digits.count),
            rest.isEmpty || AnswerHead.isBlank(rest.first) || rest.first == UInt8(ascii: ";")
        else {
            throw ViolationError(description: "a chunk begins with '\(AnswerHead.excerpt(line))' instead of its size")
        }
        extensionBytesLeft -= rest.count
        guard extensionBytesLeft >= 0 else { throw ViolationError(description: tooLong) }
        return Int(clamping: digits.reduce(into: UInt64(0)) { $0 = $0 << 4 | UInt64(Self.hexDigit($1) ?? 0) })
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        byte < 0x80 ? Character(Unicode.Scalar(byte)).hexDigitValue : nil
    }
}
