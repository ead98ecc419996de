import NIOCore

/// An event loop that notifications are sent on, and the watch over it.
struct SendingLane: Sendable {
    let loop: any EventLoop
    let watch: StandstillWatch

    /// Begins to watch the loop, and to close the pool's connections that have been idle for long.
    func start(_ pool: ConnectionPool) {
        loop.execute {
            watch.start(on: loop) { [weak pool] now in pool?.closeIdle(now: now) }
        }
    }
}
