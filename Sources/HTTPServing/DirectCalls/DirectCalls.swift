package import HTTPTypes
package import NIOCore

/// Finds calls that are answered on the event loop of their connection: no task begins, and no thread changes until the
/// call has something to wait for.
package protocol DirectCalls: Sendable {
    /// Finds the call that a request asks for by its head. Returns nil for a request that a task must answer.
    ///
    /// - Parameter peer: The other end of the connection.
    func call(_ head: HTTPRequest, from peer: SocketAddress?) -> (any DirectCall)?
}

/// A call that waits for its body. The requests of one connection that have the same head share it.
package protocol DirectCall: Sendable {
    /// Begins to answer, on the connection's event loop, and does not block.
    ///
    /// - Parameter completion: Is called once, on any thread, if the outcome is ``DirectOutcome/pending``.
    func answer(_ body: ByteBuffer, completion: @escaping DirectCompletion) -> DirectOutcome
}

/// Takes what makes an answer, and makes the answer on the connection's event loop.
package typealias DirectCompletion = @Sendable (_ makeAnswer: @escaping @Sendable () -> DirectAnswer) -> Void

/// How far a call came at once.
package enum DirectOutcome: Sendable {
    /// It is answered.
    case answered(DirectAnswer)
    /// The completion gets the answer.
    case pending
    /// A task must answer the request. The call has done nothing.
    case passedOn
}

/// A whole answer.
package struct DirectAnswer: Sendable {
    /// The HTTP status.
    package var status: Int
    /// The value of `Content-Type`.
    package var contentType: String
    /// The body.
    package var body: ByteBuffer

    /// Creates an answer.
    package init(status: Int, contentType: String, body: ByteBuffer) {
        (self.status, self.contentType, self.body) = (status, contentType, body)
    }
}
