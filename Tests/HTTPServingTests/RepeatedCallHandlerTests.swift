import NIOCore
import NIOEmbedded
import NIOHTTP1
import RequestDecoding
import Synchronization
import TestSupport
import Testing

@testable import HTTPServing

/// A call with a head that its connection has sent before is answered before the decoder, and as if it had been decoded.
@Suite("Calls whose heads a connection repeats")
struct RepeatedCallHandlerTests {
    private static func request(_ path: String, _ body: String, _ headers: [String] = []) -> String {
        GuardedConnection.request(path, body, headers)
    }

    private static func answer(_ text: String, _ last: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\nCache-Control: no-store\r\n"
            + "Date: now\r\n\(last)\r\n\(text)"
    }

    /// Whether a request after one that was alike is answered without a look at its head.
    ///
    /// A head that is decoded is looked up unless the one before was alike; a request with another head stands between.
    private static func isRepeated(_ connection: GuardedConnection, _ request: (String) -> String) throws -> Bool {
        try connection.send(request("a"))
        try connection.send(Self.request("/now", "between", ["Between: \(connection.lookUps)"]))
        let before = connection.lookUps
        try connection.send(request("bcdefghijklm"))
        return connection.lookUps == before
    }

    @Test("A head is decoded once, whatever the length of the body is")
    func repeated() throws {
        let connection = try GuardedConnection()
        #expect(try Self.isRepeated(connection) { Self.request("/now", $0) })
        #expect(
            try connection.written() == Self.answer("now a") + Self.answer("now between")
                + Self.answer("now bcdefghijklm")
        )
    }

    @Test("Heads of several operations are known at the same time")
    func severalHeads() throws {
        let connection = try GuardedConnection()
        let actions = (1...4).map { ["SOAPAction: \($0)"] }
        for action in actions { try connection.send(Self.request("/now", "a", action)) }
        let before = connection.lookUps
        for action in actions { try connection.send(Self.request("/now", "b", action)) }
        #expect(connection.lookUps == before)
    }

    @Test(
        "A head that says something of the connection or of the body's form is decoded each time",
        arguments: [
            "Expect: 100-continue", "Content-Encoding: identity", "Upgrade: x", "X: folded\r\n y",
            "X: \(String(repeating: "x", count: 1100))",
        ]
    )
    func unusual(header: String) throws {
        let connection = try GuardedConnection()
        #expect(try !Self.isRepeated(connection) { Self.request("/now", $0, [header]) })
    }

    @Test("A request of which a part is missing is decoded when the rest is there", arguments: [1, 20, 70, 78])
    func parts(missing: Int) throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/now", "0123456789"))
        let request = Array(Self.request("/now", "abcdefghij").utf8)
        try connection.send(request.dropLast(missing))
        #expect(try connection.written() == Self.answer("now 0123456789"))
        try connection.send(request.suffix(missing))
        #expect(try connection.written() == Self.answer("now abcdefghij"))
        try connection.send(Self.request("/now", "0"))
        #expect(try connection.written() == Self.answer("now 0"))
    }

    @Test("A part of a repeated request has the time that every request has")
    func slow() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/now", "a"))
        try connection.send(Self.request("/now", "a").dropLast(3).utf8)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(try connection.written().contains(" 408 "))
    }

    @Test("Repeated calls keep their connection, which ends when it has been idle for too long")
    func idle() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "first"))
        connection.answerWaiting()
        let loop = connection.channel.embeddedEventLoop
        for number in 1...3 {
            loop.advanceTime(by: .seconds(100))
            try connection.send(Self.request("/later", String(number)))
            // The client waits for the service.
            loop.advanceTime(by: .seconds(500))
            connection.answerWaiting()
        }
        #expect(connection.calls.bodies.withLock { $0 } == ["first", "1", "2", "3"])
        loop.advanceTime(by: .seconds(119))
        #expect(connection.channel.isActive)
        loop.advanceTime(by: .seconds(2))
        #expect(!connection.channel.isActive)
    }

    @Test("What comes behind a call waits for its answer, in its order, and no more than one read of it is taken")
    func order() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "0"))
        connection.answerWaiting()
        try connection.send(Self.request("/now", "0"))
        _ = try connection.written()
        try connection.send(
            Self.request("/later", "1") + Self.request("/now", "2") + Self.request("/task", "3")
                + Self.request("/later", "4")
        )
        #expect(try connection.written() == "")
        connection.answerWaiting()
        #expect(
            try connection.written().replacing(/\r\n\r\n/, with: " ").contains(
                /later.*now 2.*task 3/.dotMatchesNewlines()
            )
        )
        connection.answerWaiting()
        #expect(try connection.written() == Self.answer("later"))
    }

    @Test("A part of a request that comes behind a call has the time that every request has")
    func slowFollower() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "0"))
        connection.answerWaiting()
        try connection.send(Self.request("/later", "1") + Self.request("/task", "2").dropLast())
        connection.answerWaiting()
        #expect(try connection.written() == Self.answer("later") + Self.answer("later"))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(61))
        #expect(try connection.written().contains(" 408 "))
    }

    @Test("A client that closes its output while its call waits gets the answer first")
    func halfClosed() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "0"))
        connection.answerWaiting()
        try connection.send(Self.request("/later", "1"))
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(connection.channel.isActive)
        connection.answerWaiting()
        #expect(try connection.written() == Self.answer("later") + Self.answer("later"))
        #expect(!connection.channel.isActive)
    }

    @Test(
        "Calls that a client sends before it closes its output are all answered",
        arguments: ["/now", "/later", "/task"]
    )
    func halfClosedBehindFollower(path: String) throws {
        for repeats in [true, false] {
            let connection = try GuardedConnection(repeats: repeats)
            for known in ["/later", "/now"] {
                try connection.send(Self.request(known, "0"))
                connection.answerWaiting()
            }
            _ = try connection.written()
            try connection.send(Self.request("/later", "1") + Self.request(path, "2") + Self.request("/now", "3"))
            connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            connection.answerWaiting()
            connection.answerWaiting()
            #expect(try connection.written().hasSuffix("now 3"), "with repeated heads: \(repeats)")
            #expect(!connection.channel.isActive)
        }
    }

    @Test(
        "A call that waits when the service stops is answered, and its connection ends after that",
        arguments: [true, false]
    )
    func stopping(isQuiesced: Bool) throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "0"))
        connection.answerWaiting()
        _ = try connection.written()
        try connection.send(Self.request("/later", "1") + Self.request("/now", "2"))
        connection.drain.begin()
        if isQuiesced { connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        #expect(connection.channel.isActive)
        connection.answerWaiting()
        #expect(try connection.written() == Self.answer("later", "Connection: close\r\n"))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(6))
        #expect(!connection.channel.isActive)
        #expect(connection.calls.bodies.withLock { $0 } == ["0", "1"])
    }

    @Test("A call that comes when the service has been told to stop is the last one of its connection")
    func draining() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/now", "0"))
        connection.drain.begin()
        try connection.send(Self.request("/now", "1"))
        #expect(try connection.written() == Self.answer("now 0") + Self.answer("now 1", "Connection: close\r\n"))
    }

    @Test("An answer that comes when its connection has ended is dropped, and counts")
    func ended() throws {
        let connection = try GuardedConnection()
        try connection.send(Self.request("/later", "0"))
        connection.answerWaiting()
        _ = try connection.written()
        try connection.send(Self.request("/later", "1"))
        let complete = try #require(connection.calls.waiting.withLock { $0.popLast() })
        try connection.channel.close().wait()
        let made = Mutex(0)
        complete {
            made.withLock { $0 += 1 }
            return ScriptedCalls.answer("later")
        }
        connection.channel.embeddedEventLoop.run()
        #expect(made.withLock { $0 } == 1)
        #expect(try connection.written() == "")
    }

    // MARK: Comparison with a connection that decodes everything

    private static let corpus: [String] = {
        let bodies = ["a", "0123456789", String(repeating: "x", count: 990), ""]
        let paths = ["/now", "/later", "/neither", "/task"]
        let plain = paths.flatMap { path in bodies.map { request(path, $0) } }
        let other = [
            request("/now", "a", ["Connection: keep-alive"]), request("/now", "a", ["Expect: 100-continue"]),
            request("/now", "a", ["SOAPAction: x"]), request("/later", "ab", ["SOAPAction: y"]),
            request("/now", "a", ["Content-Length: 1"]), request("/now", "abc").replacing("\r\nLast", with: "\nLast"),
            request("/now", "ab").replacing("Content-Length: ", with: "content-length:\t"),
            request("/now", "ab").replacing("Content-Length: ", with: "Content-Length: 0"),
            request("/now", "ab", ["X: 1\r\n folded"]), request("/now", "ab", ["Content-Encoding: gzip"]),
            "POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "GET /task HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n" + request("/now", "a"),
            request("/now", String(repeating: "y", count: 1200)),
        ]
        let rare = [
            request("/now", "a", ["Connection: close"]), request("/now", "a").replacing("1.1", with: "1.0"),
            "nonsense\r\n\r\n",
            request("/now", "a").replacing("Content-Length: 1", with: "Content-Length: 1x"),
        ]
        return plain + plain + plain + other + other + rare
    }()

    @Test(
        "Random requests in random pieces have the answers that they have where everything is decoded",
        arguments: 0..<20
    )
    func comparison(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let (one, other) = (try GuardedConnection(), try GuardedConnection(repeats: false))
            for _ in 0..<30 {
                var bytes = Array(
                    (0..<Int.random(in: 1...3, using: &random)).reduce("") { text, _ in
                        text + Self.corpus.randomElement(using: &random)!
                    }.utf8
                )
                if Int.random(in: 0..<40, using: &random) == 0 {
                    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                while !bytes.isEmpty {
                    // Most clients send a request as a whole.
                    let isCut = Int.random(in: 0..<4, using: &random) == 0
                    let count = isCut ? Int.random(in: 1...bytes.count, using: &random) : bytes.count
                    for connection in [one, other] { try? connection.send(bytes.prefix(count)) }
                    bytes.removeFirst(count)
                    if Bool.random(using: &random) { for connection in [one, other] { connection.answerWaiting() } }
                }
                let isLast = Int.random(in: 0..<12, using: &random) == 0
                for connection in [one, other] {
                    if isLast { connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
                    for _ in 0..<4 { connection.answerWaiting() }
                }
                #expect(try one.written() == other.written())
                #expect(one.channel.isActive == other.channel.isActive)
                #expect(one.calls.bodies.withLock { $0 } == other.calls.bodies.withLock { $0 })
                if isLast { break }
            }
        }
    }
}
