import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import HTTPServing

/// A slow client has the same time whichever way its request is answered: before the decoder, on the event loop, or by a
/// task; and whether the request is the first of its connection or not.
@Suite("Slow clients")
struct SlowClientTests {
    enum Way: CaseIterable {
        case direct, chunked, long, otherPath

        /// The bytes of the head and of the body.
        var request: (head: [UInt8], body: [UInt8]) {
            let text =
                switch self {
                case .direct: GuardedConnection.request("/now", "0123456789")
                case .chunked:
                    "POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"
                case .long: GuardedConnection.request("/now", String(repeating: "x", count: 1000))
                case .otherPath: GuardedConnection.request("/task", "0123456789")
                }
            let bytes = Array(text.utf8)
            let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
            return (Array(bytes[..<end]), Array(bytes[end...]))
        }

        var whole: [UInt8] { request.head + request.body }
    }

    /// A connection that has made so many calls, each in one piece.
    private static func connection(after calls: Int) throws -> GuardedConnection {
        let connection = try GuardedConnection()
        for _ in 0..<calls { try connection.send(GuardedConnection.request("/now", "before")) }
        #expect(try count("HTTP/1.1 200 ", in: connection.written()) == calls)
        return connection
    }

    private static func count(_ text: String, in written: String) -> Int { written.ranges(of: text).count }

    /// The request that has come in part is refused after `seconds`, and its connection ends.
    private static func expectRefusal(
        _ connection: GuardedConnection,
        after seconds: Int64,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        connection.wait(seconds - 1)
        #expect(try connection.written() == "", sourceLocation: sourceLocation)
        #expect(connection.channel.isActive, sourceLocation: sourceLocation)
        connection.wait(2)
        let written = try connection.written()
        #expect(written.hasPrefix("HTTP/1.1 408 "), "\(written)", sourceLocation: sourceLocation)
        #expect(written.contains("did not arrive"), "\(written)", sourceLocation: sourceLocation)
        connection.wait(6)
        #expect(!connection.channel.isActive, sourceLocation: sourceLocation)
    }

    @Test("A head of which a half comes is answered with 408 in time", arguments: Way.allCases, [0, 1, 2])
    func halfHead(way: Way, calls: Int) throws {
        let connection = try Self.connection(after: calls)
        let head = way.request.head
        try connection.send(head.prefix(head.count / 2))
        try Self.expectRefusal(connection, after: calls == 0 ? 20 : 60)
    }

    @Test("A body of which a half comes is answered with 408 in time", arguments: Way.allCases, [0, 1, 2])
    func halfBody(way: Way, calls: Int) throws {
        let connection = try Self.connection(after: calls)
        try connection.send(way.request.head + way.request.body.prefix(way.request.body.count / 2))
        try Self.expectRefusal(connection, after: 60)
    }

    @Test("A request that comes byte by byte has no more time than others", arguments: Way.allCases, [0, 1, 2])
    func dripping(way: Way, calls: Int) throws {
        for isHead in [true, false] {
            let connection = try Self.connection(after: calls)
            if !isHead { try connection.send(way.request.head) }
            for byte in (isHead ? way.request.head : way.request.body).prefix(5) {
                try connection.send([byte])
                connection.wait(isHead && calls == 0 ? 3 : 9)
            }
            #expect(try connection.written() == "")
            connection.wait(20)
            #expect(try connection.written().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test("A part of a request behind a whole one has no more time than others", arguments: Way.allCases, [0, 1, 2])
    func partBehind(way: Way, calls: Int) throws {
        let connection = try Self.connection(after: calls)
        try connection.send(way.whole + way.request.head.dropLast())
        #expect(try Self.count("HTTP/1.1 200 ", in: connection.written()) == 1)
        try Self.expectRefusal(connection, after: 60)
    }

    @Test(
        "A connection that is silent behind an answer ends when it has been idle",
        arguments: Way.allCases,
        [0, 1, 2]
    )
    func silence(way: Way, calls: Int) throws {
        let connection = try Self.connection(after: calls)
        try connection.send(way.whole)
        #expect(try Self.count("HTTP/1.1 200 ", in: connection.written()) == 1)
        connection.wait(119)
        #expect(connection.channel.isActive)
        connection.wait(2)
        #expect(!connection.channel.isActive)
        #expect(try connection.written() == "")
    }

    @Test(
        "A request whose connection ends before its last byte is not carried out",
        arguments: Way.allCases,
        [0, 1, 2]
    )
    func gone(way: Way, calls: Int) throws {
        for missing in [1, way.request.body.count, way.request.body.count + 1, way.whole.count / 2] {
            let connection = try Self.connection(after: calls)
            try connection.send(way.whole.dropLast(missing))
            try connection.channel.close().wait()
            connection.channel.embeddedEventLoop.run()
            #expect(connection.calls.bodies.withLock { $0.count } == calls)
            #expect(try Self.count("HTTP/1.1 200 ", in: connection.written()) == 0)
        }
    }

    @Test(
        "A request that has begun when the service stops is answered, and is the last",
        arguments: Way.allCases,
        [0, 1, 2]
    )
    func stopping(way: Way, calls: Int) throws {
        for missing in [1, way.request.body.count / 2, way.whole.count / 2] {
            let connection = try Self.connection(after: calls)
            try connection.send(way.whole.dropLast(missing))
            connection.drain.begin()
            try connection.send(way.whole.suffix(missing) + way.whole)
            let written = try connection.written()
            #expect(Self.count("HTTP/1.1 200 ", in: written) == 1, "\(written)")
            #expect(written.contains("Connection: close\r\n"), "\(written)")
            connection.wait(6)
            #expect(!connection.channel.isActive)
        }
    }

    @Test("No request begins while an answer waits to be read", arguments: Way.allCases, [0, 1, 2])
    func unread(way: Way, calls: Int) throws {
        let connection = try Self.connection(after: calls)
        connection.channel.isWritable = false
        connection.channel.pipeline.fireChannelWritabilityChanged()
        try connection.send(way.whole + way.whole + way.whole)
        #expect(try Self.count("HTTP/1.1 200 ", in: connection.written()) == 1)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        connection.channel.embeddedEventLoop.run()
        #expect(try Self.count("HTTP/1.1 200 ", in: connection.written()) == 2)
    }
}
