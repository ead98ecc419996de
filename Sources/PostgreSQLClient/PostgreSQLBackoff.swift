import Foundation

/// Says when a connection is tried for again: at once, and then after waits that double up to 5 s. Chance shortens each wait
/// by up to half, so that many processes do not come back together.
package struct PostgreSQLBackoff {
    private var failures = 0
    private var next = ContinuousClock.now
    private var last = PostgreSQLError(.unreachable, "there is no connection yet")

    package init() {}

    /// Calls `open` until it makes a connection. Throws its last error once `deadline` has passed or `stop` is over.
    package mutating func connect(
        until deadline: ContinuousClock.Instant,
        stop: PostgreSQLStop? = nil,
        _ open: () throws(PostgreSQLError) -> PostgreSQLConnection
    ) throws(PostgreSQLError) -> PostgreSQLConnection {
        while true {
            if let stop, stop.isOver { throw PostgreSQLError(.unreachable, "the store is closed") }
            let wait = ContinuousClock.now.duration(to: min(next, deadline))
            if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
            guard ContinuousClock.now >= next else { throw last }
            do {
                let connection = try open()
                failures = 0
                return connection
            } catch {
                last = error
                let full = min(0.05 * Double(1 << min(failures, 10)), 5)
                failures += 1
                next = .now.advanced(by: .seconds(full * Double.random(in: 0.5...1)))
                if ContinuousClock.now >= deadline { throw last }
            }
        }
    }
}
