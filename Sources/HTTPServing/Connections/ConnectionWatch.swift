import NIOCore
import NIOHTTP1

/// Tells the ``ConnectionTable`` what a connection is doing. Requests come to it one at a time.
final class CallWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart

    private let table: ConnectionTable
    private let connection: TrackedConnection
    /// Whether the answer is out before its request has come to its end.
    private var isAnswered = false

    /// Creates a handler that watches one connection of a table.
    init(table: ConnectionTable, connection: TrackedConnection) {
        (self.table, self.connection) = (table, connection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isAnswered = false
            table.note(.arriving, of: connection)
        case .body(let part): table.noteArrival(of: part.readableBytes, on: connection)
        case .end: if !isAnswered { table.note(.working, of: connection) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        isAnswered = true
        table.note(.idle, of: connection)
    }
}

/// Stands nearest to the socket, counts what waits to be sent, and ends the connection of a client that does not read.
final class UnsentWatch: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private let table: ConnectionTable
    private let connection: TrackedConnection
    private let stallTime: TimeAmount
    /// How many bytes were written that the system has not taken yet.
    private var unsent = 0
    /// How many of these bytes the table knows of.
    private var noted = 0
    /// When the client took something last, or nothing waited for it.
    private var lastTaken = NIODeadline.uptimeNanoseconds(0)
    private var stallTimer: Scheduled<Void>?

    /// Creates a handler that watches one connection of a table.
    ///
    /// - Parameter stallTime: How long a client may leave what was sent to it unread.
    init(table: ConnectionTable, connection: TrackedConnection, stallTime: TimeAmount) {
        (self.table, self.connection, self.stallTime) = (table, connection, stallTime)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data).readableBytes
        guard bytes > 0 else { return context.write(data, promise: promise) }
        unsent += bytes
        let sent = promise ?? context.eventLoop.makePromise()
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.unsent -= bytes
            // The table need not know of bytes that go out at once.
            if self.noted > 0 { self.note(context) }
        }
        context.write(data, promise: sent)
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        if unsent != noted { note(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stallTimer?.cancel()
        stallTimer = nil
    }

    private func note(_ context: ChannelHandlerContext) {
        if unsent < noted || noted == 0 { lastTaken = context.eventLoop.now }
        noted = unsent
        table.noteUnsent(unsent, on: connection)
        if unsent == 0 {
            stallTimer?.cancel()
            stallTimer = nil
        } else if stallTimer == nil {
            startStallTimer(context, at: lastTaken + stallTime)
        }
    }

    private func startStallTimer(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        stallTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.stallTimer = nil
            let next = self.lastTaken + self.stallTime
            guard next <= context.eventLoop.now else { return self.startStallTimer(context, at: next) }
            context.close(promise: nil)
        }
    }
}
