import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPServing

/// When a connection has been idle for too long.
@Suite("Idle connections")
struct IdleConnectionTimeoutTests {
    private static func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: IdleConnectionTimeout(after: .seconds(120)))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    private static let head = HTTPServerRequestPart.head(
        HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["Host": "x"])
    )

    private static func answer(_ channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    private static func wait(_ seconds: Int64, _ channel: EmbeddedChannel) -> Bool {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
        return channel.isActive
    }

    @Test("A connection without a request ends after the time")
    func silent() throws {
        let channel = try Self.connection()
        #expect(Self.wait(119, channel))
        #expect(!Self.wait(2, channel))
    }

    @Test("The time begins anew with each answer")
    func answered() throws {
        let channel = try Self.connection()
        for _ in 0..<3 {
            #expect(Self.wait(100, channel))
            try channel.writeInbound(Self.head)
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
            try Self.answer(channel)
        }
        #expect(Self.wait(119, channel))
        #expect(!Self.wait(2, channel))
    }

    @Test("A connection does not end while its answer is being made, and the time begins with the answer")
    func working() throws {
        let channel = try Self.connection()
        try channel.writeInbound(Self.head)
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(Self.wait(1000, channel))
        try Self.answer(channel)
        #expect(Self.wait(119, channel))
        #expect(!Self.wait(2, channel))
    }

    @Test("A request that stops arriving does not keep its connection, also when it has been answered")
    func stalled() throws {
        for isAnswered in [false, true] {
            let channel = try Self.connection()
            try channel.writeInbound(Self.head)
            if isAnswered { try Self.answer(channel) }
            #expect(Self.wait(119, channel))
            #expect(!Self.wait(2, channel))
        }
    }

    @Test("A request that ends after its answer leaves an idle connection")
    func answeredEarly() throws {
        let channel = try Self.connection()
        try channel.writeInbound(Self.head)
        try Self.answer(channel)
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(Self.wait(119, channel))
        #expect(!Self.wait(2, channel))
    }
}
