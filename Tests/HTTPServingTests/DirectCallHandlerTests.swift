import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import HTTPServing

/// Which requests are answered on the loop, and in which order.
@Suite("Calls that are answered on the event loop")
struct DirectCallHandlerTests {
    private static func connection(_ calls: ScriptedCalls) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handlers: [
            HTTPServerPipelineHandler(), DirectCallHandler(calls: calls, date: DateHeader()),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    private static func send(
        _ parts: [String],
        to path: String,
        length: Int? = nil,
        headers: HTTPHeaders = [:],
        on channel: EmbeddedChannel
    ) throws {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: ["Host": "x"])
        head.headers.add(name: "Content-Length", value: String(length ?? parts.reduce(0) { $0 + $1.utf8.count }))
        head.headers.add(contentsOf: headers)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        for part in parts { try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: part))) }
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    /// The texts of the answers that have been written since this was asked last.
    private static func answers(_ channel: EmbeddedChannel) throws -> [String] {
        var answers: [String] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .body(.byteBuffer(let body)) = part { answers.append(String(buffer: body)) }
        }
        return answers
    }

    /// The requests that have been passed on since this was asked last, each with its body.
    private static func passed(_ channel: EmbeddedChannel) throws -> [String] {
        var requests: [String] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): requests.append(head.uri + " ")
            case .body(let body): requests[requests.count - 1] += String(buffer: body)
            case .end: requests[requests.count - 1] += "."
            }
        }
        return requests
    }

    @Test("A call is answered with its whole body, however many parts that has")
    func parts() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        for parts in [["ab"], ["a", "b"], [], ["a", "", "b", "c"]] { try Self.send(parts, to: "/now", on: channel) }
        #expect(calls.bodies.withLock { $0 } == ["ab", "ab", "", "abc"])
        #expect(try Self.answers(channel) == ["now ab", "now ab", "now ", "now abc"])
        #expect(try Self.passed(channel).isEmpty)
    }

    @Test("An answer has the headers that answers of tasks have")
    func headers() throws {
        let channel = try Self.connection(ScriptedCalls())
        try Self.send(["a"], to: "/now", on: channel)
        guard case .head(let head)? = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("there is no answer")
            return
        }
        #expect(head.headers.map(\.name) == ["Content-Type", "Content-Length", "Cache-Control", "Date"])
        #expect(head.headers.first(name: "Content-Length") == "5")
    }

    @Test("A request of the same head is looked up once, and one of another head again")
    func lookups() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        for text in ["a", "bb", "ccc"] { try Self.send([text], to: "/now", on: channel) }
        #expect(calls.found.withLock { $0.count } == 1)
        try Self.send(["a"], to: "/now", headers: ["SOAPAction": "x"], on: channel)
        try Self.send(["a"], to: "/now", headers: ["SOAPAction": "y"], on: channel)
        try Self.send(["a"], to: "/neither", headers: ["SOAPAction": "y"], on: channel)
        #expect(calls.found.withLock { $0 } == ["/now", "/now", "/now", "/neither"])
    }

    @Test("What no call is for passes as it came, and so does what its call does not answer")
    func passing() throws {
        let channel = try Self.connection(ScriptedCalls())
        for path in ["/task", "/neither"] {
            try Self.send(["a", "b"], to: path, on: channel)
            #expect(try Self.passed(channel) == ["\(path) ab."])
            try channel.writeOutbound(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok)))
            try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        }
        // A call may follow.
        try Self.send(["a"], to: "/now", on: channel)
        #expect(try Self.answers(channel) == ["now a"])
    }

    @Test("A request without a length, with a longer one or of another method passes")
    func lengths() throws {
        let calls = ScriptedCalls()
        let long = String(repeating: "x", count: DirectCallHandler.longestBody)
        for (method, headers, parts) in [
            (HTTPMethod.POST, HTTPHeaders([("Transfer-Encoding", "chunked")]), ["a"]),
            (.POST, ["Content-Length": String(long.utf8.count + 1)], [long, "x"]),
            (.GET, ["Content-Length": "1"], ["a"]),
        ] {
            let channel = try Self.connection(calls)
            let head = HTTPRequestHead(version: .http1_1, method: method, uri: "/now", headers: headers)
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            for part in parts { try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: part))) }
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
            #expect(try Self.passed(channel) == ["/now \(parts.joined())."])
        }
        #expect(calls.bodies.withLock { $0.isEmpty })
    }

    @Test("A body that grows beyond the limit passes from its beginning")
    func growing() throws {
        let long = String(repeating: "x", count: DirectCallHandler.longestBody)
        let channel = try Self.connection(ScriptedCalls())
        // Its call is known from a shorter one.
        try Self.send(["a"], to: "/now", on: channel)
        try Self.send(["b", long, "c"], to: "/now", on: channel)
        #expect(try Self.passed(channel) == ["/now b\(long)c."])
    }

    @Test("The next call begins when the answer to the one before it is written")
    func order() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        try Self.send(["1"], to: "/later", on: channel)
        try Self.send(["2"], to: "/now", on: channel)
        try Self.send(["3"], to: "/task", on: channel)
        #expect(calls.bodies.withLock { $0 } == ["1"])
        #expect(try Self.answers(channel).isEmpty)
        let complete = try #require(calls.waiting.withLock { $0.popLast() })
        complete { ScriptedCalls.answer("later") }
        channel.embeddedEventLoop.run()
        #expect(calls.bodies.withLock { $0 } == ["1", "2"])
        #expect(try Self.answers(channel) == ["later", "now 2"])
        #expect(try Self.passed(channel) == ["/task 3."])
    }

    @Test("What is passed on behind a call is followed by the end of a read")
    func readEnds() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        let events = Mutex<[String]>([])
        try channel.pipeline.syncOperations.addHandler(ReadEvents { event in events.withLock { $0.append(event) } })
        try Self.send(["1"], to: "/later", on: channel)
        try Self.send(["2"], to: "/neither", on: channel)
        calls.answerWaiting()
        channel.embeddedEventLoop.run()
        #expect(events.withLock { $0.suffix(2) } == ["part", "end of read"])
    }

    @Test("A client that closes its output while its call waits gets the answer first")
    func halfClosed() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        let closings = Mutex(0)
        try channel.pipeline.syncOperations.addHandler(InputClosings { closings.withLock { $0 += 1 } })
        try Self.send(["1"], to: "/later", on: channel)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(closings.withLock { $0 } == 0)
        let complete = try #require(calls.waiting.withLock { $0.popLast() })
        complete { ScriptedCalls.answer("later") }
        channel.embeddedEventLoop.run()
        #expect(try Self.answers(channel) == ["later"])
        #expect(closings.withLock { $0 } == 1)
    }

    private final class InputClosings: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let note: () -> Void

        init(_ note: @escaping () -> Void) { self.note = note }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { note() }
        }
    }

    @Test("An answer that comes when its connection has ended is dropped")
    func ended() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        try Self.send(["1"], to: "/later", on: channel)
        let complete = try #require(calls.waiting.withLock { $0.popLast() })
        try channel.close().wait()
        let made = Mutex(0)
        complete {
            made.withLock { $0 += 1 }
            return ScriptedCalls.answer("later")
        }
        channel.embeddedEventLoop.run()
        #expect(try Self.answers(channel).isEmpty)
        #expect(made.withLock { $0 } == 1, "it counts all the same")
    }

    @Test("Requests that wait behind a call are answered one turn of the loop after the other")
    func manyPipelined() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        try Self.send(["0"], to: "/later", on: channel)
        for number in 1...3000 { try Self.send([String(number)], to: "/now", on: channel) }
        let complete = try #require(calls.waiting.withLock { $0.popLast() })
        complete { ScriptedCalls.answer("later") }
        channel.embeddedEventLoop.run()
        #expect(calls.bodies.withLock { $0 } == (0...3000).map(String.init))
        #expect(try Self.answers(channel).count == 3001)
    }

    @Test("Heads whose values only look the same are different ones")
    func lookalikes() throws {
        let calls = ScriptedCalls()
        let channel = try Self.connection(calls)
        for action in ["\u{212A}", "K", "e\u{301}", "\u{E9}"] {
            try Self.send(["a"], to: "/now", headers: ["SOAPAction": action], on: channel)
        }
        #expect(calls.found.withLock { $0.count } == 4)
    }

    @Test("A body passes as soon as it is longer than services read")
    func lowerLimit() throws {
        let calls = ScriptedCalls()
        let channel = EmbeddedChannel(handlers: [
            HTTPServerPipelineHandler(), DirectCallHandler(calls: calls, date: DateHeader(), longestBody: 3),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        try Self.send(["abc"], to: "/now", on: channel)
        #expect(try Self.answers(channel) == ["now abc"])
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: "/now",
            headers: ["Host": "x", "Content-Length": "3"]
        )
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        // Unpacked it is longer than its header says. Its end never comes.
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "ab")))
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "cd")))
        #expect(try Self.passed(channel) == ["/now abcd"])
    }
}
