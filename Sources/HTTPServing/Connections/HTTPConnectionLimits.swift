package import NIOCore

/// The limits of one connection.
package struct HTTPConnectionLimits: Sendable {
    /// How many bytes of an unpacked body are passed on: as many as services read, and one more that tells them that the body
    /// is longer.
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

    /// Creates limits. A limit that is not given has its default.
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
