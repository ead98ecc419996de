package import NIOCore
package import NIOHTTP1

/// Decodes requests with NIO's parser, and goes on where that parser would stop.
///
/// NIO's parser leaves HTTP after a request with `Upgrade`, because it expects another protocol to follow, and then keeps
/// every further byte. This service upgrades to nothing, so the connection goes on in HTTP/1.1 (RFC 9110, section 7.8).
///
/// NIO's parser also refuses a header line that is folded. The decoder turns each fold into spaces (RFC 9112, section 5.2).
///
/// For both, the decoder must know where a message ends. It therefore hands the parser pieces of which none goes beyond the
/// end of a head, of a body or of the last chunk, and a line's end only together with the byte that follows.
package final class RequestDecoder: ByteToMessageDecoder {
    /// What requests become.
    package typealias InboundOut = HTTPServerRequestPart

    private let framing: RequestFraming
    private let limits: NIOHTTPDecoderLimitConfiguration
    private var parser: HTTPRequestDecoder
    /// How many of the buffer's bytes were searched for the end of the piece.
    private var searched = 0
    /// Whether the parser has got a part of the next head.
    private var hasBegunHead = false
    /// Whether the request line has ended. A fold right after it is an error, which the parser reports.
    private var hasRequestLine = false
    /// How many bytes of LF CR LF the bytes searched last are. Every chunked message ends with those.
    private var endMark = 0

    /// Creates a decoder.
    ///
    /// - Parameters:
    ///   - framing: The handler that stands right after this decoder and tells what the parser has found.
    ///   - limits: How long a head may be.
    package init(framing: RequestFraming, limits: NIOHTTPDecoderLimitConfiguration) {
        self.framing = framing
        self.limits = limits
        parser = HTTPRequestDecoder(limitConfiguration: limits)
    }

    /// Tells the parser.
    package func decoderAdded(context: ChannelHandlerContext) { parser.decoderAdded(context: context) }

    /// Tells the parser.
    package func decoderRemoved(context: ChannelHandlerContext) { parser.decoderRemoved(context: context) }

    /// Hands the parser the next piece.
    package func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let piece: Piece
        switch framing.phase {
        case .head:
            if !hasBegunHead { Self.skipEmptyLines(&buffer) }
            piece = headPiece(&buffer)
        case .body(let missing) where missing > 0:
            piece = Piece(length: min(missing, buffer.readableBytes), mayGoOn: true)
            framing.phase = .body(missing - piece.length)
        case .body, .chunks: piece = chunksPiece(buffer)
        }
        try parse(piece, context, &buffer)
        framing.hasPartialHead = framing.phase == .head && (hasBegunHead || buffer.readableBytes > 0)
        return piece.mayGoOn && buffer.readableBytes > searched ? .continue : .needMoreData
    }

    /// Hands the parser what is there when the connection ends.
    package func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        while buffer.readableBytes > 0, case .continue = try decode(context: context, buffer: &buffer) {}
        return try parser.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }

    // MARK: Pieces

    /// What the parser gets at once.
    private struct Piece {
        /// In bytes, from the buffer's beginning.
        var length: Int
        /// Whether what follows the piece can be looked at already.
        var mayGoOn: Bool
    }

    private func parse(_ piece: Piece, _ context: ChannelHandlerContext, _ buffer: inout ByteBuffer) throws {
        guard piece.length > 0, var bytes = buffer.getSlice(at: buffer.readerIndex, length: piece.length) else {
            return
        }
        let wasHead = framing.phase == .head
        let messages = framing.endedMessages
        hasBegunHead = wasHead
        _ = try parser.decode(context: context, buffer: &bytes)
        // The parser leaves the beginning of a token in the buffer.
        let consumed = piece.length - bytes.readableBytes
        buffer.moveReaderIndex(forwardBy: consumed)
        searched = max(0, searched - consumed)
        let hasHeadEnded = wasHead && framing.phase != .head
        guard messages != framing.endedMessages || hasHeadEnded else {
            // Lines that end without CR look like the end of a head, and are none to the parser.
            if wasHead, piece.mayGoOn { throw HTTPParserError.invalidHeaderToken }
            return
        }
        (hasBegunHead, hasRequestLine, searched, endMark) = (false, false, 0, 0)
        guard framing.hasParserStopped else { return }
        framing.hasParserStopped = false
        parser.decoderRemoved(context: context)
        parser = HTTPRequestDecoder(limitConfiguration: limits)
        parser.decoderAdded(context: context)
    }

    /// The head up to its end. As long as its end is not there: up to the last line's end that something follows.
    private func headPiece(_ buffer: inout ByteBuffer) -> Piece {
        while let lineFeed = Self.lineFeed(in: buffer, from: searched) {
            searched = lineFeed
            let lineEnd = Self.byte(buffer, lineFeed - 1) == .carriageReturn ? lineFeed - 1 : lineFeed
            guard let next = Self.byte(buffer, lineFeed + 1) else { return Piece(length: lineEnd, mayGoOn: false) }
            switch next {
            case .lineFeed: return Piece(length: lineFeed + 2, mayGoOn: true)
            case .carriageReturn:
                guard let last = Self.byte(buffer, lineFeed + 2) else { return Piece(length: lineEnd, mayGoOn: false) }
                if last == .lineFeed { return Piece(length: lineFeed + 3, mayGoOn: true) }
            case .space, .tab:
                guard hasRequestLine else { break }
                for index in lineEnd...lineFeed { buffer.setInteger(UInt8.space, at: buffer.readerIndex + index) }
            default: break
            }
            hasRequestLine = true
            searched = lineFeed + 1
        }
        searched = buffer.readableBytes
        if Self.byte(buffer, searched - 1) == .carriageReturn { searched -= 1 }
        return Piece(length: searched, mayGoOn: false)
    }

    /// Chunks up to where the last one may end.
    private func chunksPiece(_ buffer: ByteBuffer) -> Piece {
        for byte in buffer.readableBytesView.dropFirst(searched) {
            searched += 1
            switch (byte, endMark) {
            case (.lineFeed, 2):
                endMark = 1
                return Piece(length: searched, mayGoOn: true)
            case (.lineFeed, _): endMark = 1
            case (.carriageReturn, 1): endMark = 2
            default: endMark = 0
            }
        }
        return Piece(length: searched, mayGoOn: false)
    }

    /// Empty lines before a request line are no part of it (RFC 9112, section 2.2).
    private static func skipEmptyLines(_ buffer: inout ByteBuffer) {
        while let first = byte(buffer, 0), first == .carriageReturn || first == .lineFeed {
            buffer.moveReaderIndex(forwardBy: 1)
        }
    }

    private static func byte(_ buffer: ByteBuffer, _ offset: Int) -> UInt8? {
        guard offset >= 0, offset < buffer.readableBytes else { return nil }
        return buffer.getInteger(at: buffer.readerIndex + offset)
    }

    private static func lineFeed(in buffer: ByteBuffer, from offset: Int) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            bytes.dropFirst(offset).firstIndex(of: .lineFeed)
        }
    }
}

/// Tells what the parser has found of the message that it reads. This handler stands right after ``RequestDecoder``.
package final class RequestFraming: ChannelInboundHandler, RemovableChannelHandler {
    /// Parts of requests.
    package typealias InboundIn = HTTPServerRequestPart
    /// The same parts.
    package typealias InboundOut = HTTPServerRequestPart

    /// What comes next on the connection.
    package enum Phase: Equatable {
        /// A head, or the rest of one.
        case head
        /// A body of which this many bytes are missing.
        case body(Int)
        /// A body in chunks.
        case chunks
    }

    package fileprivate(set) var phase = Phase.head
    /// Whether a part of a head has come, and not its end.
    package fileprivate(set) var hasPartialHead = false
    /// Messages that have ended, in all.
    fileprivate private(set) var endedMessages = 0
    /// Whether the parser expects another protocol than HTTP from now on.
    fileprivate var hasParserStopped = false
    private var lastHead: HTTPRequestHead?

    /// Creates a handler of a connection on which nothing has come.
    package init() {}

    /// Whether the next byte begins a message.
    package var isBetweenRequests: Bool { phase == .head && !hasPartialHead }

    /// Whether the last head leaves the connection, and the form of its body, as they are.
    package var isLastHeadPlain: Bool {
        guard let lastHead, lastHead.version == .http1_1, lastHead.isKeepAlive else { return false }
        return !["Content-Encoding", "Expect", "Transfer-Encoding", "Upgrade"].contains {
            lastHead.headers.contains(name: $0)
        }
    }

    private var offersUpgrade: Bool {
        lastHead.map { $0.method == .CONNECT || $0.headers.contains(name: "Upgrade") } ?? false
    }

    /// Passes a part on.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            phase = Self.phase(after: head)
            hasPartialHead = false
            lastHead = head
        case .body: break
        case .end:
            phase = .head
            endedMessages &+= 1
            hasParserStopped = offersUpgrade
        }
        context.fireChannelRead(data)
    }

    private static func phase(after head: HTTPRequestHead) -> Phase {
        guard !head.headers.contains(name: "Transfer-Encoding") else { return .chunks }
        // The parser has refused what is no number.
        guard let length = head.headers.first(name: "Content-Length"), length != "0" else { return .head }
        return Int(length).map { .body($0) } ?? .chunks
    }
}

extension UInt8 {
    fileprivate static let lineFeed = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
    fileprivate static let space = UInt8(ascii: " ")
    fileprivate static let tab = UInt8(ascii: "\t")
}
