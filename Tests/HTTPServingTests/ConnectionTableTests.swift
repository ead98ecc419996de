import NIOCore
import NIOEmbedded
import NIOHTTP1
import Networking
import Testing

@testable import HTTPServing

/// Which connection goes when there is no room for all.
@Suite("Room for connections")
struct ConnectionTableTests {
    /// Stands between a connection and its client, who reads only when told to.
    private final class Client: ChannelOutboundHandler {
        typealias OutboundIn = IOData

        private var held: [(data: NIOAny, promise: EventLoopPromise<Void>?)] = []
        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            held.append((data, promise))
        }

        /// Reads what was sent, up to a number of writes.
        func read(_ count: Int = .max) {
            for (data, promise) in held.prefix(count) { context?.write(data, promise: promise) }
            held.removeFirst(min(count, held.count))
            context?.flush()
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            for (_, promise) in held { promise?.fail(ChannelError.ioOnClosedChannel) }
            held = []
            context.close(mode: mode, promise: promise)
        }
    }

    private struct Connection {
        let channel: EmbeddedChannel
        let client: Client
        var isOpen: Bool { channel.isActive }

        func ask() throws {
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "x"])
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }

        func begin(bodyBytes: Int) throws {
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["Host": "x"])
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(repeating: 0, count: bodyBytes)))
        }

        func answer(bodyBytes: Int = 0, pieces: Int = 1) throws {
            channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
            for _ in 0..<pieces where bodyBytes > 0 {
                let body = ByteBuffer(repeating: 0, count: bodyBytes / pieces)
                channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
            }
            channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        }
    }

    /// Connections of one event loop, whose clock is moved by hand.
    private final class Listener {
        let loop = EmbeddedEventLoop()
        let table: ConnectionTable

        init(
            connections: Int = 3,
            perNetwork: Int = 100,
            unsentBytes: Int = 1 << 20,
            unfinishedBytes: Int = 1 << 20,
            proxies: [AddressRange] = []
        ) {
            table = ConnectionTable(
                limits: .init(
                    connections: connections,
                    perNetwork: perNetwork,
                    unsentBytes: unsentBytes,
                    unfinishedBytes: unfinishedBytes
                ),
                proxies: proxies
            )
        }

        /// Takes a connection, one second after whatever was before.
        func accept(from address: String = "192.0.2.1") throws -> Connection {
            loop.advanceTime(by: .seconds(1))
            let channel = EmbeddedChannel(loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
            let connection = try table.enter(channel)
            let client = Client()
            try channel.pipeline.syncOperations.addHandlers(
                client,
                UnsentWatch(table: table, connection: connection, stallTime: .seconds(60)),
                HTTPResponseEncoder(),
                CallWatch(table: table, connection: connection)
            )
            return Connection(channel: channel, client: client)
        }

        func wait() { loop.advanceTime(by: .seconds(1)) }
    }

    private static func areOpen(_ connections: some Sequence<Connection>) -> Bool {
        !connections.contains { !$0.isOpen }
    }

    @Test("When all connections are taken, the one that has waited longest for its client goes, not the newest")
    func idleLongest() throws {
        let listener = Listener()
        let first = try listener.accept()
        let second = try listener.accept(from: "192.0.2.2")
        let third = try listener.accept(from: "192.0.2.3")
        listener.wait()
        // The first one asks and reads: from now on it is the second that has waited longest.
        try first.ask()
        try first.answer()
        first.client.read()
        let newest = try listener.accept(from: "192.0.2.4")
        #expect([first, second, third, newest].map(\.isOpen) == [true, false, true, true])
        #expect(listener.table.count == 3)
    }

    @Test("A request that does not come to its end counts from its head, however often a part of it comes")
    func dripping() throws {
        let listener = Listener()
        let dripping = try listener.accept()
        try dripping.begin(bodyBytes: 1)
        let others = try [listener.accept(), listener.accept()]
        for _ in 0..<5 {
            listener.wait()
            try dripping.channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(repeating: 0, count: 1)))
        }
        let newest = try listener.accept()
        #expect(!dripping.isOpen)
        #expect(Self.areOpen(others + [newest]))
    }

    @Test("A connection whose call is being worked on is never closed for another; it goes when it is idle again")
    func working() throws {
        let listener = Listener(connections: 2)
        let calling = try [listener.accept(), listener.accept()]
        for connection in calling { try connection.ask() }
        let newest = try listener.accept()
        #expect(Self.areOpen(calling + [newest]))
        #expect(listener.table.count == 3)
        try newest.ask()
        try calling[1].answer()
        // Not before its answer is out.
        #expect(calling[1].isOpen)
        listener.wait()
        #expect(!calling[1].isOpen)
        #expect(calling[0].isOpen && newest.isOpen)
        #expect(listener.table.count == 2)
    }

    @Test("An address that has its share of connections loses its own, and nobody else's")
    func shares() throws {
        let listener = Listener(connections: 10, perNetwork: 2)
        let other = try listener.accept(from: "198.51.100.1")
        let own = try [listener.accept(), listener.accept(), listener.accept()]
        #expect(own.map(\.isOpen) == [false, true, true])
        #expect(other.isOpen)
        // Where all of them are being worked for, the newest is refused.
        for connection in own.dropFirst() { try connection.ask() }
        #expect(throws: ConnectionTable.LimitError.self) { try listener.accept() }
        #expect(Self.areOpen(own.dropFirst()))
    }

    @Test("A trusted proxy may have more than an address's share")
    func proxies() throws {
        let range = try #require(AddressRange("192.0.2.0/24"))
        let listener = Listener(connections: 10, perNetwork: 2, proxies: [range])
        let connections = try (0..<5).map { _ in try listener.accept() }
        #expect(Self.areOpen(connections))
    }

    @Test("When too many bytes wait to be sent, the client that has read nothing longest loses its connection")
    func unsent() throws {
        let listener = Listener(connections: 10, unsentBytes: 100_000)
        let reading = try listener.accept()
        let idle = try listener.accept()
        let deaf = try listener.accept()
        for connection in [reading, deaf] {
            try connection.ask()
            try connection.answer(bodyBytes: 40_000, pieces: 4)
            listener.wait()
        }
        // It has waited longer, but has taken something meanwhile.
        reading.client.read(2)
        listener.wait()
        let late = try listener.accept()
        try late.ask()
        try late.answer(bodyBytes: 40_000)
        #expect([reading, idle, deaf, late].map(\.isOpen) == [true, true, false, true])
        // What is read no longer counts: there is room for as much again.
        for connection in [reading, late] { connection.client.read() }
        let others = try [listener.accept(), listener.accept()]
        for connection in others {
            try connection.ask()
            try connection.answer(bodyBytes: 40_000)
        }
        #expect(Self.areOpen([reading, late] + others))
    }

    @Test("When too many bytes of unfinished requests are held, the request that began first loses its connection")
    func unfinished() throws {
        let listener = Listener(connections: 10, unfinishedBytes: 100_000)
        let finished = try listener.accept()
        try finished.begin(bodyBytes: 60_000)
        try finished.channel.writeInbound(HTTPServerRequestPart.end(nil))
        let first = try listener.accept()
        try first.begin(bodyBytes: 60_000)
        let second = try listener.accept()
        try second.begin(bodyBytes: 60_000)
        #expect([finished, first, second].map(\.isOpen) == [true, false, true])
    }

    @Test("A client that reads nothing of its answer for a minute loses its connection, one that reads on does not")
    func stalled() throws {
        for readsOn in [true, false] {
            let listener = Listener()
            let connection = try listener.accept()
            listener.loop.advanceTime(by: .seconds(100))
            try connection.ask()
            try connection.answer(bodyBytes: 100, pieces: 5)
            for _ in 0..<4 {
                listener.loop.advanceTime(by: .seconds(25))
                if readsOn { connection.client.read(1) }
            }
            #expect(connection.isOpen == readsOn)
            connection.client.read()
            listener.loop.advanceTime(by: .seconds(100))
            #expect(connection.isOpen == readsOn)
        }
    }
}
