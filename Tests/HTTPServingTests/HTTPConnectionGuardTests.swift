import NIOCore
import NIOEmbedded
import NIOHTTP1
import RequestDecoding
import Testing

@testable import HTTPServing

/// What one connection may cost.
@Suite("Limits of a connection")
struct HTTPConnectionGuardTests {
    private static let limits = HTTPConnectionLimits(
        passedBytes: 100_000,
        discardedBytes: 1 << 20,
        requestTime: .seconds(60),
        firstRequestTime: .seconds(20),
        stallTime: .seconds(60)
    )

    private static func connection(_ drain: Drain = Drain()) throws -> EmbeddedChannel {
        let handlers: [any ChannelHandler] = [FirstRequestGrace(), HTTPServerPipelineHandler()]
        let channel = EmbeddedChannel(
            handlers: handlers + [HTTPConnectionGuard(limits: limits, drain: drain)] + HTTPConnectionGuard.followers
        )
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    private static func request(_ channel: EmbeddedChannel) throws {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz", headers: ["Host": "x"])
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    private static func answer(_ channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    @Test("A connection without a request ends after a while")
    func silent() throws {
        let channel = try Self.connection()
        channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    /// The next answer's status and text.
    private static func sent(_ channel: EmbeddedChannel) throws -> (status: UInt, text: String)? {
        guard case .head(let head) = try channel.readOutbound(as: HTTPServerResponsePart.self) else { return nil }
        var text = ""
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self),
            case .body(.byteBuffer(let body)) = part
        {
            text += String(buffer: body)
        }
        return (head.status.code, text)
    }

    @Test("A request that does not arrive to its end in time is answered with 408, and ends the connection")
    func slow() throws {
        let channel = try Self.connection()
        try Self.begin(channel, bodyBytes: 64 << 10)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(try Self.sent(channel) == nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        let answer = try #require(try Self.sent(channel))
        #expect(answer.status == 408)
        #expect(answer.text.contains("did not arrive"))
        channel.embeddedEventLoop.advanceTime(by: .seconds(6))
        #expect(!channel.isActive)
    }

    @Test("A head that does not end in time is answered with 408, on a connection's first request and on a later one")
    func slowHead() throws {
        for answered in [0, 2] {
            var limits = Self.limits
            limits.lingerTime = .seconds(5)
            let framing = RequestFraming()
            let decoding: [any ChannelHandler] = [
                HTTPResponseEncoder(), ByteToMessageHandler(RequestDecoder(framing: framing, limits: .init())), framing,
                HTTPServerPipelineHandler(),
            ]
            let guarding = [HTTPConnectionGuard(limits: limits, framing: framing)] + HTTPConnectionGuard.followers
            let channel = EmbeddedChannel(handlers: decoding + guarding)
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
            for _ in 0..<answered {
                try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                try Self.answer(channel)
            }
            while try channel.readOutbound(as: ByteBuffer.self) != nil {}
            for letter in ["G", "E", "T", " ", "/", "a", "b"] {
                try channel.writeInbound(ByteBuffer(string: letter))
                channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            }
            let bytes = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } ?? ""
            #expect(bytes.hasPrefix("HTTP/1.1 408 "), "\(bytes)")
            channel.embeddedEventLoop.advanceTime(by: .seconds(6))
            #expect(!channel.isActive)
        }
    }

    @Test("A connection whose requests have been answered is not hurried")
    func idle() throws {
        let channel = try Self.connection()
        try Self.request(channel)
        try Self.answer(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(110))
        #expect(channel.isActive)
    }

    @Test("While the service drains, each connection ends with its next answer")
    func draining() throws {
        let drain = Drain()
        let channel = try Self.connection(drain)
        for connection in [nil, "close"] {
            if connection != nil { drain.begin() }
            try Self.request(channel)
            try Self.answer(channel)
            guard case .head(let head)? = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
                Issue.record("there is no answer")
                return
            }
            #expect(head.headers.first(name: "Connection") == connection)
            _ = try channel.readOutbound(as: HTTPServerResponsePart.self)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(6))
        #expect(!channel.isActive)
    }

    @Test("A service that stops ends idle connections at once, and gives new ones a moment for their first request")
    func quiescing() throws {
        let idle = try Self.connection()
        try Self.request(idle)
        try Self.answer(idle)
        let fresh = try Self.connection()
        let late = try Self.connection()
        for channel in [idle, fresh, late] {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        #expect(!idle.isActive)
        #expect(fresh.isActive)
        try Self.request(late)
        for channel in [fresh, late] { channel.embeddedEventLoop.advanceTime(by: .seconds(2)) }
        #expect(!fresh.isActive)
        #expect(late.isActive, "its request is not answered yet")
        try Self.answer(late)
        #expect(!late.isActive)
    }

    /// How many requests have been passed on since this was asked last.
    private static func passed(_ channel: EmbeddedChannel) throws -> Int {
        var count = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head = part { count += 1 }
        }
        return count
    }

    @Test("Pipelined requests are passed on one at a time, each when the one before it is answered")
    func pipelined() throws {
        let channel = try Self.connection()
        for _ in 0..<300 { try Self.request(channel) }
        for _ in 0..<300 {
            #expect(try Self.passed(channel) == 1)
            try Self.answer(channel)
        }
        #expect(try Self.passed(channel) == 0)
        #expect(channel.isActive)
    }

    @Test("The next request is not begun while a client leaves an answer unread")
    func unread() throws {
        let channel = try Self.connection()
        for _ in 0..<3 { try Self.request(channel) }
        for _ in 0..<3 {
            #expect(try Self.passed(channel) == 1)
            channel.isWritable = false
            channel.pipeline.fireChannelWritabilityChanged()
            try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
            let end = channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            #expect(try Self.passed(channel) == 0)
            channel.isWritable = true
            channel.pipeline.fireChannelWritabilityChanged()
            try end.wait()
        }
        // A client that goes leaves nobody waiting.
        try Self.request(channel)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
        let end = channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        try channel.close().wait()
        #expect(throws: ChannelError.self) { try end.wait() }
    }

    @Test("A body that is too long is answered before its connection ends")
    func tooLong() throws {
        let channel = try Self.connection()
        try Self.begin(channel, bodyBytes: 2 << 20)
        #expect(channel.isActive)
        try Self.answer(channel)
        guard case .head(let head) = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("no head was sent")
            return
        }
        #expect(head.headers["Connection"] == ["close"])
    }

    @Test("A body that is too long and that nobody answers ends the connection, and nothing more of it is passed on")
    func tooLongUnanswered() throws {
        let channel = try Self.connection()
        try Self.begin(channel, bodyBytes: 2 << 20)
        var passed = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .body(let bytes) = part { passed += bytes.readableBytes }
        }
        #expect(passed == 100_000)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive, "who has to wait before it reads is given time")
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("No more of a body is passed on than services read, and the next request is whole")
    func passed() throws {
        let channel = try Self.connection()
        for size in [64 << 10, 128 << 10, 64 << 10] {
            try Self.begin(channel, bodyBytes: size)
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
            var passed: [Int] = []
            var hasEnded = false
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                if case .body(let bytes) = part { passed.append(bytes.readableBytes) }
                if case .end = part { hasEnded = true }
            }
            #expect(passed.reduce(0, +) == min(size, 100_000))
            #expect(passed.allSatisfy { $0 > 0 })
            #expect(hasEnded)
            try Self.answer(channel)
        }
    }

    @Test("100 Continue is sent when the requests before have been answered")
    func proceed() throws {
        let channel = try Self.connection()
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: "/",
            headers: ["Host": "x", "Expect": "100-continue"]
        )
        func statuses() throws -> [UInt] {
            var statuses: [UInt] = []
            while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
                if case .head(let head) = part { statuses.append(head.status.code) }
            }
            return statuses
        }
        try Self.request(channel)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try statuses() == [])
        try Self.answer(channel)
        #expect(try statuses() == [200, 100])
        try Self.answer(channel)
        #expect(try statuses() == [200])
    }

    /// A request whose body has not arrived to its end.
    private static func begin(_ channel: EmbeddedChannel, bodyBytes: Int) throws {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["Host": "x"])
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        let part = ByteBuffer(repeating: 32, count: 64 << 10)
        for _ in 0..<(bodyBytes / part.readableBytes) {
            try channel.writeInbound(HTTPServerRequestPart.body(part))
        }
    }

    @Test("The reason phrase that a front asks for is sent, and the header that carries it is not")
    func reason() throws {
        let channel = try Self.connection()
        try Self.request(channel)
        var head = HTTPResponseHead(version: .http1_1, status: .notFound)
        head.headers.add(name: ReasonPhrase.header, value: "There is no webhook")
        try channel.writeOutbound(HTTPServerResponsePart.head(head))
        guard case .head(let sent) = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("no head was sent")
            return
        }
        #expect(sent.status.code == 404)
        #expect(sent.status.reasonPhrase == "There is no webhook")
        #expect(sent.headers[ReasonPhrase.header].isEmpty)
    }
}
