package import NIOCore
import Synchronization

/// Calls the system's resolver, which blocks, on threads of its own. Their number is bounded. ``LookUpTable`` has the rules.
/// A host that is an address is not looked up.
package final class SystemResolver: NameResolver {
    /// A look-up that blocks. The ports of the addresses that it returns do not matter.
    package typealias LookUp = @Sendable (_ host: String) throws(ResolutionError) -> [SocketAddress]

    /// A clock for look-ups, so that tests can move it.
    package struct Time: Sendable {
        /// What the clock shows.
        package var now: @Sendable () -> NIODeadline
        /// Runs work on an event loop after that much time.
        package var after: @Sendable (TimeAmount, any EventLoop, _ work: @escaping @Sendable () -> Void) -> Void

        /// Creates a clock from its two uses.
        package init(
            now: @escaping @Sendable () -> NIODeadline,
            after: @escaping @Sendable (TimeAmount, any EventLoop, _ work: @escaping @Sendable () -> Void) -> Void
        ) {
            (self.now, self.after) = (now, after)
        }

        /// The machine's monotonic clock.
        package static let system = Time(
            now: { .now() },
            after: { amount, loop, work in loop.scheduleTask(in: amount, work) }
        )
    }

    private struct Waiter: Sendable {
        var promise: EventLoopPromise<[SocketAddress]>
        var port: Int
    }

    private let table: Mutex<LookUpTable<Waiter>>
    private let limits: LookUpLimits
    private let time: Time
    private let lookUp: LookUp

    /// - Parameters:
    ///   - time: The clock that look-ups are measured with.
    ///   - lookUp: Looks a name up; it runs on a thread of its own.
    package init(
        limits: LookUpLimits = LookUpLimits(),
        time: Time = .system,
        lookUp: @escaping LookUp = { host throws(ResolutionError) in try SystemLookUp.addresses(of: host) }
    ) {
        self.limits = limits
        self.time = time
        self.lookUp = lookUp
        table = Mutex(LookUpTable(limits: limits))
    }

    /// Look-ups that are under way, each on a thread.
    package var running: Int { table.withLock { $0.running } }

    package func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if let address = try? SocketAddress(ipAddress: host, port: port) { return loop.makeSucceededFuture([address]) }
        let promise = loop.makePromise(of: [SocketAddress].self)
        let waiter = Waiter(promise: promise, port: port)
        carryOut(on: loop) { $0.ask(host, waiter, now: $1) }
        return promise.futureResult
    }

    private func carryOut(
        on loop: any EventLoop,
        _ change: (inout LookUpTable<Waiter>, NIODeadline) -> LookUpTable<Waiter>.Steps
    ) {
        let now = time.now()
        let steps = table.withLock { change(&$0, now) }
        for (waiter, answer) in steps.answers { Self.tell(waiter, answer) }
        if let begun = steps.begun {
            time.after(limits.wait, loop) { self.carryOut(on: loop) { $0.waitIsOver(begun, now: $1) } }
        }
        for lookUp in Set(steps.starts).union(steps.begun.map { [$0] } ?? []) {
            time.after(limits.patience, loop) { self.carryOut(on: loop) { $0.patienceIsOver(lookUp, now: $1) } }
        }
        for lookUp in steps.starts { start(lookUp, on: loop) }
    }

    private func start(_ started: LookUpTable<Waiter>.LookUp, on loop: any EventLoop) {
        let lookUp = lookUp
        let hasThread = SystemLookUp.startThread {
            let result = Result { () throws(ResolutionError) in try lookUp(started.host) }
            self.carryOut(on: loop) { $0.ended(started, result, now: $1) }
        }
        guard !hasThread else { return }
        let failure = ResolutionError("this machine has no thread left for it", isDefinite: false)
        carryOut(on: loop) { $0.ended(started, .failure(failure), now: $1) }
    }

    private static func tell(_ waiter: Waiter, _ answer: LookUpTable<Waiter>.Answer) {
        waiter.promise.completeWith(
            answer.map { addresses in
                addresses.map { address in
                    var address = address
                    address.port = waiter.port
                    return address
                }
            }
            .mapError { $0 as any Error }
        )
    }
}
