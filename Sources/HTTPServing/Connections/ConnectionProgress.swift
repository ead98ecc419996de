import NIOCore
import RequestDecoding

/// Tells ``RepeatedCallHandler`` whether another request of its connection is under way, and tells the other handlers of the
/// calls that it answers.
final class ConnectionProgress {
    private let framing: RequestFraming
    private let httpGuard: HTTPConnectionGuard
    private let idleTimeout: IdleConnectionTimeout
    private let drain: Drain
    private let table: ConnectionTable
    private let connection: TrackedConnection

    /// Brings the handlers of one connection together.
    init(
        framing: RequestFraming,
        httpGuard: HTTPConnectionGuard,
        idleTimeout: IdleConnectionTimeout,
        drain: Drain,
        table: ConnectionTable,
        connection: TrackedConnection
    ) {
        (self.framing, self.httpGuard, self.idleTimeout) = (framing, httpGuard, idleTimeout)
        (self.drain, self.table, self.connection) = (drain, table, connection)
    }

    /// Whether the next byte begins a request, every answer is out, and the connection goes on.
    var isIdle: Bool { framing.isBetweenRequests && httpGuard.isIdle && !isStopping }

    /// Whether the service has been told to stop.
    var isStopping: Bool { drain.hasBegun }

    /// A call has come as a whole, and its answer has not.
    func beginCall() {
        idleTimeout.noteRequest()
        table.note(.working, of: connection)
    }

    /// The answer to a call is made.
    func endCall() {
        idleTimeout.noteAnswer()
        table.note(.idle, of: connection)
    }

    /// The last answer is out. Ends the connection so that the client can read the answer.
    func end() {
        httpGuard.end()
    }
}
