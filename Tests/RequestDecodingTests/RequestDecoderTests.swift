import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import RequestDecoding

/// Bytes become requests, whatever the pieces in which they arrive.
@Suite("Request decoder")
struct RequestDecoderTests {
    /// One request as it was decoded.
    struct Decoded: Equatable {
        var line: String
        var headers: [String: String]
        var body: String
    }

    private static func connection() throws -> EmbeddedChannel {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = 2000
        let framing = RequestFraming()
        let decoder = ByteToMessageHandler(RequestDecoder(framing: framing, limits: limits))
        let channel = EmbeddedChannel(handlers: [decoder, framing])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    private static func decoded(_ channel: EmbeddedChannel) throws -> [Decoded] {
        var requests: [Decoded] = []
        var body: String?
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                #expect(body == nil, "a head within a body")
                body = ""
                let headers = head.headers.map { ($0.name.lowercased(), $0.value) }
                requests.append(
                    Decoded(
                        line: "\(head.method) \(head.uri)",
                        headers: Dictionary(headers, uniquingKeysWith: { $0 + "|" + $1 }),
                        body: ""
                    )
                )
            case .body(let bytes): body? += String(buffer: bytes)
            case .end:
                requests[requests.count - 1].body = try #require(body)
                body = nil
            }
        }
        return requests
    }

    private static func requests(in text: String, pieceBytes: Int) throws -> [Decoded] {
        let channel = try connection()
        var requests: [Decoded] = []
        var rest = ByteBuffer(string: text)
        while let piece = rest.readSlice(length: min(pieceBytes, rest.readableBytes)), piece.readableBytes > 0 {
            try channel.writeInbound(piece)
        }
        requests += try decoded(channel)
        _ = try channel.finish(acceptAlreadyClosed: true)
        return requests
    }

    private static let stream =
        "\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        + "HTTP2-Settings: AAEAAEAAAAIAAAAB\r\nContent-Length: 5\r\n\r\nhello"
        + "GET /b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
        + "\r\nPOST /c HTTP/1.1\r\nHost: x\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3\r\nabc\r\n8\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"
        + "POST /d HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml; charset=utf-8; \r\n\taction=\"u\"\r\n"
        + "X-Two: a\r\n  b\r\n \tc\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nTrailer: 1\r\nOther: 2\r\n\r\n"
        + "DELETE /e HTTP/1.1\r\nHost: x\r\nX: 1\r\n\t2\r\n\r\n"
        + "POST /f HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nGET /g HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test("Requests that offer an upgrade, fold header lines or are chunked are read alike in pieces of every size")
    func pieces() throws {
        let whole = try Self.requests(in: Self.stream, pieceBytes: .max)
        #expect(whole.map(\.line) == ["POST /a", "GET /b", "POST /c", "POST /d", "DELETE /e", "POST /f", "GET /g"])
        #expect(whole.map(\.body) == ["hello", "", "abc\r\n\r\n\r\n\r\n", "hi", "", "", ""])
        try #require(whole.count == 7)
        let unfolded = whole[3].headers
        #expect(unfolded["content-type"] == "application/soap+xml; charset=utf-8;   \taction=\"u\"")
        #expect(unfolded["x-two"] == "a    b   \tc")
        #expect(whole[4].headers["x"] == "1  \t2")
        for size in [1, 2, 3, 5, 7, 16, 61, 200] {
            let pieces = try Self.requests(in: Self.stream, pieceBytes: size)
            #expect(pieces == whole, "pieces of \(size) bytes")
        }
    }

    @Test("After a request that offers an upgrade a gigabyte is not kept")
    func upgradeKeepsNothing() throws {
        let channel = try Self.connection()
        try channel.writeInbound(
            ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        )
        #expect(throws: HTTPParserError.self) {
            try channel.writeInbound(ByteBuffer(repeating: 0x81, count: 1 << 20))
        }
    }

    @Test(
        "What is no request is refused as soon as it is seen",
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "nonsense\r\n\r\n",
            "GET / HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ]
    )
    func refused(text: String) throws {
        let channel = try Self.connection()
        #expect(throws: HTTPParserError.self) { try channel.writeInbound(ByteBuffer(string: text)) }
    }

    @Test("A head that does not end is not kept beyond its limit")
    func endlessHead() throws {
        for piece in ["a", "x: y\r\n", " z\r\n", "\r"] {
            let channel = try Self.connection()
            try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\nX: "))
            #expect(throws: HTTPParserError.self, "\(piece)") {
                for _ in 0..<10_000 { try channel.writeInbound(ByteBuffer(string: piece)) }
            }
        }
    }

    @Test("What follows CONNECT is no part of it, and the connection does not keep it")
    func connect() throws {
        let channel = try Self.connection()
        try channel.writeInbound(
            ByteBuffer(string: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        )
        #expect(try Self.decoded(channel).map(\.line) == ["CONNECT a:1", "GET /"])
    }
}
