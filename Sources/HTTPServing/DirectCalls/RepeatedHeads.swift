import Foundation
import NIOCore
import RequestDecoding

/// The heads of the calls that one connection has made, as the bytes that came.
///
/// Clients send the same head with every call; only the digits of `Content-Length` change. The decoder and the guard find
/// the same in the same bytes. They need not read a head again that they have read and let pass on this connection.
final class RepeatedHeads {
    /// A request whose head is known.
    struct Request {
        let call: any DirectCall
        let body: ByteBuffer
    }

    private struct Head {
        /// The bytes before the digits of `Content-Length`.
        let beginning: ByteBuffer
        /// The bytes after the digits, to the end of the head.
        let end: ByteBuffer
        let call: any DirectCall
    }

    /// How many heads a connection remembers: clients put the operation into a header.
    private static let mostHeads = 4
    /// How long a head may be, in bytes, to be remembered.
    private static let longestHead = 1 << 10
    /// How many heads a connection may add: a client that never repeats one shall not cost more than others.
    private static let mostAdditions = 16

    private var heads: [Head] = []
    private var additions = 0
    private let framing: RequestFraming
    private let longestBody: Int
    /// The read that the decoder decodes at this moment. Nil where an earlier request of the connection is not answered.
    private var read: ByteBuffer?

    /// Creates an empty memory.
    ///
    /// - Parameters:
    ///   - framing: Knows the head that was decoded last.
    ///   - longestBody: How long the body of a request may be, in bytes, to be found.
    init(framing: RequestFraming, longestBody: Int) {
        (self.framing, self.longestBody) = (framing, longestBody)
    }

    // MARK: Learning

    /// Calls a closure that has a read of an idle connection decoded.
    func learn(from read: ByteBuffer, decode: () -> Void) {
        self.read = read
        decode()
        self.read = nil
    }

    /// Remembers the head of the request that has just been decoded, where one read held the head, the body and nothing more.
    ///
    /// - Parameters:
    ///   - call: What the head asks for.
    ///   - bodyBytes: How long the body is.
    func add(_ call: any DirectCall, bodyBytes: Int) {
        guard let read, additions < Self.mostAdditions, framing.isLastHeadPlain else { return }
        self.read = nil
        guard bodyBytes > 0, read.readableBytes > bodyBytes, read.readableBytes - bodyBytes <= Self.longestHead,
            let bytes = read.getSlice(at: read.readerIndex, length: read.readableBytes - bodyBytes),
            let digits = Self.lengthDigits(of: bytes.readableBytesView)
        else { return }
        let view = bytes.readableBytesView
        guard Self.number(view[digits]) == bodyBytes else { return }
        // Copies: the read's memory is the channel's.
        let head = Head(
            beginning: ByteBuffer(bytes: view[..<digits.lowerBound]),
            end: ByteBuffer(bytes: view[digits.upperBound...]),
            call: call
        )
        if heads.count < Self.mostHeads { heads.append(head) } else { heads[additions % Self.mostHeads] = head }
        additions += 1
    }

    /// Where the digits of the only `Content-Length` of a head stand. Returns nil where the bytes are not exactly one head
    /// whose lines all end with CR LF, and of which none is folded.
    private static func lengthDigits(of head: ByteBufferView) -> Range<Int>? {
        var digits: Range<Int>?
        var start = head.startIndex
        while let feed = head[start...].firstIndex(of: UInt8(ascii: "\n")) {
            guard feed > start, head[feed - 1] == UInt8(ascii: "\r") else { return nil }
            let line = head[start..<feed - 1]
            if line.isEmpty { return start > head.startIndex && feed == head.endIndex - 1 ? digits : nil }
            guard let first = line.first, first != UInt8(ascii: " "), first != UInt8(ascii: "\t"),
                !line.contains(UInt8(ascii: "\r"))
            else { return nil }
            if line.count > lengthName.count, line.prefix(lengthName.count).elementsEqual(lengthName, by: isSameLetter)
            {
                let value = line.dropFirst(lengthName.count)
                guard digits == nil, let from = value.firstIndex(where: isDigit) else { return nil }
                digits = from..<(value[from...].firstIndex { !isDigit($0) } ?? value.endIndex)
            }
            start = feed + 1
        }
        return nil
    }

    private static let lengthName = Array("content-length:".utf8)

    private static func isSameLetter(_ byte: UInt8, _ letter: UInt8) -> Bool {
        byte == letter || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == letter
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// The number that digits stand for. Returns nil for one that begins with 0 or has more than seven digits.
    private static func number(_ digits: some Sequence<UInt8>) -> Int? {
        var (number, count) = (0, 0)
        for digit in digits {
            number = number * 10 + Int(digit &- UInt8(ascii: "0"))
            count += 1
            guard number > 0, count <= 7 else { return nil }
        }
        return count > 0 ? number : nil
    }

    // MARK: Finding

    /// Takes a whole request with a known head off the beginning of what has come. Returns nil, and takes nothing, where the
    /// beginning is anything else.
    func take(from bytes: inout ByteBuffer) -> Request? {
        for head in heads {
            guard let body = bytes.withUnsafeReadableBytes({ Self.body(after: head, in: $0) }),
                body.count <= longestBody,
                let slice = bytes.getSlice(at: bytes.readerIndex + body.lowerBound, length: body.count)
            else { continue }
            bytes.moveReaderIndex(forwardBy: body.upperBound)
            return Request(call: head.call, body: slice)
        }
        return nil
    }

    /// Where the body stands, counted from the first of the bytes.
    private static func body(after head: Head, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var start = head.beginning.readableBytes
        guard bytes.starts(with: head.beginning, at: 0) else { return nil }
        let digits = bytes[start...].prefix(8).prefix(while: isDigit)
        guard let length = number(digits) else { return nil }
        start += digits.count
        guard bytes.starts(with: head.end, at: start) else { return nil }
        start += head.end.readableBytes
        guard start + length <= bytes.count else { return nil }
        return start..<start + length
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes of a buffer stand at a place.
    fileprivate func starts(with buffer: ByteBuffer, at offset: Int) -> Bool {
        let count = buffer.readableBytes
        guard offset + count <= self.count, let start = baseAddress else { return false }
        return buffer.withUnsafeReadableBytes { expected in
            expected.baseAddress.map { memcmp(start + offset, $0, count) == 0 } ?? true
        }
    }
}
