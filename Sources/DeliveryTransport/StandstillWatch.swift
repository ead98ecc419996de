import NIOCore

/// Knows when this process stood still: stopped, suspended with its machine, or without a processor.
///
/// The watch expects a tick of its event loop once a second. A tick that comes far too late ends a standstill. An exchange
/// that failed during a standstill says nothing about its target: the answer could not be read in time.
///
/// Only its event loop uses the watch.
final class StandstillWatch {
    /// A clock that goes on while the machine sleeps.
    typealias Instant = ContinuousClock.Instant

    private let time: @Sendable () -> Instant
    private var lastTick: Instant?
    private var latest: (end: Instant, length: Duration)?
    private var ticking: RepeatedTask?
    private var onTick: (Instant) -> Void = { _ in }

    private static let interval = Duration.seconds(1)
    /// How late a tick may come on a busy machine.
    private static let tolerance = Duration.seconds(2)

    init(time: @escaping @Sendable () -> Instant) {
        self.time = time
    }

    var now: Instant { time() }

    /// Begins to watch.
    ///
    /// - Parameter onTick: What else is to be done once a second.
    func start(on loop: any EventLoop, onTick: @escaping (Instant) -> Void) {
        guard ticking == nil else { return }
        self.onTick = onTick
        observe()
        let interval = TimeAmount(Self.interval)
        let watch = NIOLoopBound(WeakWatch(watch: self), eventLoop: loop)
        ticking = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { task in
            guard let watch = watch.value.watch else { return task.cancel() }
            watch.onTick(watch.observe())
        }
    }

    func stop() {
        ticking?.cancel()
        (ticking, lastTick) = (nil, nil)
    }

    /// How long the latest standstill was that ended after `begin`, nil when there was none.
    ///
    /// A caller may ask before the tick that is late has come.
    func standstill(since begin: Instant) -> Duration? {
        if ticking != nil { observe() }
        return latest.flatMap { $0.end > begin ? $0.length : nil }
    }

    @discardableResult
    private func observe() -> Instant {
        let now = time()
        if let lastTick {
            let late = now - lastTick - Self.interval
            if late > Self.tolerance { latest = (now, late) }
        }
        lastTick = now
        return now
    }

    /// A reference that lets the watch go with its sender.
    private struct WeakWatch {
        weak var watch: StandstillWatch?
    }
}
