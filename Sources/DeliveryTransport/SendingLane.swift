import NIOCore

/// An event loop that notifications are sent on, and the watch over it.
struct SendingLane: Sendable {
    let loop: any EventLoop
    /// Sets alarms on the loop.
    let schedule: SocketSender.Scheduling
    private let boundWatch: NIOLoopBoundBox<StandstillWatch>

    /// Creates a lane that nobody watches yet.
    ///
    /// - Parameters:
    ///   - time: Tells the time by which a standstill is noticed.
    ///   - schedule: Sets alarms on the loop.
    init(
        loop: any EventLoop,
        time: @escaping @Sendable () -> StandstillWatch.Instant,
        schedule: @escaping SocketSender.Scheduling
    ) {
        (self.loop, self.schedule) = (loop, schedule)
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
