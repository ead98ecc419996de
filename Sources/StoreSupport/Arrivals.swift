/// The signal that deliveries may have become due: raised any number of times, seen once.
package struct Arrivals: Sendable {
    package let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func raise() {
        continuation.yield()
    }
}
