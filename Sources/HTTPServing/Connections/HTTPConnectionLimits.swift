package import NIOCore

/// What one connection may cost.
package struct HTTPConnectionLimits: Sendable {
    /// How much of a body is passed on, unpacked, in bytes: what services read, and one byte that tells them that there is
    /// more.
    package var passedBytes: Int
    /// How long a body may be, in bytes, before no more of it is read.
    package var discardedBytes: Int
    /// How long a request may take from its head to its end.
    package var requestTime: TimeAmount
    /// How long a connection may take to its first request, a handshake included.
    package var firstRequestTime: TimeAmount
    /// How long a client may leave what was sent to it unread.
    package var stallTime: TimeAmount
    /// How long a client may go on sending after its last answer.
    package var lingerTime: TimeAmount

    /// Creates limits. Each that is not given is at its default.
    package init(
        passedBytes: Int,
        discardedBytes: Int,
        requestTime: TimeAmount,
        firstRequestTime: TimeAmount = .seconds(20),
        stallTime: TimeAmount = .seconds(60),
        lingerTime: TimeAmount = .seconds(5)
    ) {
        (self.passedBytes, self.discardedBytes, self.requestTime) = (passedBytes, discardedBytes, requestTime)
        (self.firstRequestTime, self.stallTime, self.lingerTime) = (firstRequestTime, stallTime, lingerTime)
    }
}
