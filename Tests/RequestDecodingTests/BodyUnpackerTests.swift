import CZlib
import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import RequestDecoding

/// Bodies that were packed, and the headers that say so.
@Suite("Body unpacker")
struct BodyUnpackerTests {
    /// What Python's gzip and zlib make of `hello, hello, hello`, in base 64: `gzip.compress(b, mtime=0)`,
    /// `zlib.compress(b)`, and the latter without its header and checksum.
    private static let text = "hello, hello, hello"
    private static let gzip = "H4sIAAAAAAACA8tIzcnJ11HIQKIAn6HKCRMAAAA="
    private static let zlib = "eJzLSM3JyddRyECiAEQoBtU="
    private static let raw = "y0jNycnXUchAogA="

    private static func bytes(_ base64: String) throws -> ByteBuffer {
        ByteBuffer(bytes: try #require(Data(base64Encoded: base64)))
    }

    /// What comes out: the head's headers, the body, and whether its end did.
    private static func unpack(
        _ headers: HTTPHeaders,
        _ body: ByteBuffer,
        pieceBytes: Int = .max,
        limit: Int = 1000
    ) throws -> (headers: HTTPHeaders, body: String, hasEnded: Bool) {
        let channel = EmbeddedChannel(handler: BodyUnpacker(limit: limit))
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: headers)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        var rest = body
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)) {
            try channel.writeInbound(HTTPServerRequestPart.body(piece))
        }
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        var (sent, text, hasEnded) = (HTTPHeaders(), "", false)
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): sent = head.headers
            case .body(let bytes): text += String(buffer: bytes)
            case .end: hasEnded = true
            }
        }
        return (sent, text, hasEnded)
    }

    @Test(
        "Every way of packing that clients use is unpacked, in pieces of any size",
        arguments: [
            ("Content-Encoding", "gzip", gzip), ("Content-Encoding", "X-GZIP", gzip),
            ("Content-Encoding", "deflate", zlib),
            ("Content-Encoding", "deflate", raw), ("Content-Encoding", "identity, gzip", gzip),
            ("Transfer-Encoding", "gzip, chunked", gzip), ("Transfer-Encoding", "x-gzip, chunked", gzip),
            ("Transfer-Encoding", "deflate, chunked", zlib),
        ]
    )
    func unpacked(name: String, coding: String, packed: String) throws {
        for size in [1, 2, 7, .max] {
            let answer = try Self.unpack([name: coding], Self.bytes(packed), pieceBytes: size)
            #expect(answer.body == Self.text)
            #expect(answer.hasEnded)
            #expect(answer.headers["Content-Encoding"].isEmpty)
            #expect(answer.headers["Transfer-Encoding"] == (name == "Transfer-Encoding" ? ["chunked"] : []))
        }
    }

    @Test("gzip of several members is unpacked as one body")
    func members() throws {
        for size in [1, 5, .max] {
            var packed = try Self.bytes(Self.gzip)
            packed.writeImmutableBuffer(try Self.bytes(Self.gzip))
            #expect(
                try Self.unpack(["Content-Encoding": "gzip"], packed, pieceBytes: size).body == Self.text + Self.text
            )
        }
    }

    @Test(
        "What cannot be unpacked stays named in Content-Encoding",
        arguments: [
            ("Content-Encoding", "br", "br"), ("Content-Encoding", "gzip, gzip", "gzip, gzip"),
            ("Transfer-Encoding", "br, chunked", "br"), ("Content-Encoding", "zstd", "zstd"),
        ]
    )
    func unknown(name: String, coding: String, left: String) throws {
        let answer = try Self.unpack([name: coding], ByteBuffer(string: "x"))
        #expect(answer.headers["Content-Encoding"] == [left])
        #expect(answer.body == "x")
    }

    @Test("An empty body may say that it is packed")
    func empty() throws {
        let answer = try Self.unpack(["Content-Encoding": "gzip"], ByteBuffer())
        #expect(answer.body == "")
        #expect(answer.hasEnded)
    }

    @Test("Bodies that are damaged, cut off or go on are refused with what is wrong with them")
    func damaged() throws {
        let cut = ByteBuffer(bytes: try Self.bytes(Self.gzip).readableBytesView.dropLast(9))
        #expect(throws: Inflation.InflationError.cutOff(.gzip)) { try Self.unpack(["Content-Encoding": "gzip"], cut) }
        let one = ByteBuffer(bytes: [0x78])
        #expect(throws: Inflation.InflationError.cutOff(.deflate)) {
            try Self.unpack(["Content-Encoding": "deflate"], one)
        }
        let plain = ByteBuffer(string: "<Envelope/>")
        #expect(throws: Inflation.InflationError.notPacked(.gzip)) {
            try Self.unpack(["Content-Encoding": "gzip"], plain)
        }
        var longer = try Self.bytes(Self.zlib)
        longer.writeString("x")
        #expect(throws: Inflation.InflationError.goesOn) { try Self.unpack(["Content-Encoding": "deflate"], longer) }
        var garbage = try Self.bytes(Self.gzip)
        garbage.writeString("x<y")
        #expect(throws: Inflation.InflationError.notPacked(.gzip)) {
            try Self.unpack(["Content-Encoding": "gzip"], garbage)
        }
    }

    @Test("No more is unpacked than is read")
    func limit() throws {
        let zeros = [UInt8](repeating: 0, count: 2 << 20)
        var packed = [UInt8](repeating: 0, count: 16 << 10)
        var count = uLongf(packed.count)
        #expect(compress(&packed, &count, zeros, uLong(zeros.count)) == Z_OK)
        let body = ByteBuffer(bytes: packed.prefix(Int(count)))
        #expect(throws: BodyUnpacker.TooLongError.self) {
            try Self.unpack(["Content-Encoding": "deflate"], body, limit: 100_000)
        }
    }
}
