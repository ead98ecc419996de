import NIOCore

/// An event loop that notifications are sent on, and the watch over it.
struct SendingLane: Sendable {
    let loop: any EventLoop
    private let boundWatch: NIOLoopBoundBox<StandstillWatch>

    /// Creates a lane that nobody watches yet.
    ///
    /// - Parameter time: Tells the time by which a standstill is noticed.
    init(loop: any EventLoop, time: @escaping @Sendable () -> StandstillWatch.Instant) {
        self.loop = loop
        boundWatch = .makeBoxSendingValue(StandstillWatch(time: time), eventLoop: loop)
    }

    /// The watch over the loop. Only the loop uses it.
    var watch: StandstillWatch { boundWatch.value }

    /// Begins to watch the loop, and to close the pool's connections that have been idle for long.
    func start(_ pool: ConnectionPool) {
        loop.execute {
            watch.start(on: loop) { [weak pool] now in pool?.closeIdle(now: now) }
        }
    }

    /// Ends the watch.
    func stop() -> EventLoopFuture<Void> {
        loop.submit { watch.stop() }
    }
}
