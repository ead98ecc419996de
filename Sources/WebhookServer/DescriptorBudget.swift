import Foundation
import HTTPServing
import Logging

/// How the file descriptors that the process may have are shared out: what grows with the load gets a bound, so that all
/// bounds together leave some for the rest.
///
/// They must never run out. On Linux, libdispatch, which carries Swift's tasks, opens a file in `/proc` once a second while it
/// is busy, and ends the process when it cannot.
struct DescriptorBudget: Hashable, Sendable {
    /// The system allows the process fewer than it needs.
    struct TooFewError: Error, CustomStringConvertible {
        let limit: Int

        var description: String {
            "the process may have \(limit) open files (RLIMIT_NOFILE) and needs \(DescriptorBudget.least); allow it more, such as 4096, with 'ulimit -n' or systemd's LimitNOFILE="
        }
    }

    /// Connections that the listener takes.
    var connections: Int
    /// Deliveries in flight.
    var deliveries: Int
    /// Connections that are kept for later deliveries.
    var idleConnections: Int
    /// Test events in flight.
    var tests: Int

    /// For the database, some eighty look-ups of names, event loops, the log, and everything else.
    private static let rest = 160
    /// Sockets that one delivery may have at a time, as it tries an address before the one before it has failed.
    private static let socketsPerDelivery = 3
    /// The fewest that leave room for something of everything.
    static let least = 256
    /// Connections at most, whatever the system allows.
    private static let maximumConnections = 8192
    /// Test events at most, whatever the system allows.
    private static let maximumTests = 64

    /// Shares out `limit` descriptors: as many as are wanted for each purpose, or its part of what there is.
    ///
    /// - Parameters:
    ///   - deliveries: How many are to be in flight where there are enough.
    ///   - idleConnections: How many connections are to be kept where there are enough.
    init(limit: Int, deliveries: Int, idleConnections: Int) throws(TooFewError) {
        guard limit >= Self.least else { throw TooFewError(limit: limit) }
        let all = limit - Self.rest
        self.deliveries = min(deliveries, all / 4 / Self.socketsPerDelivery)
        self.idleConnections = min(idleConnections, all / 8)
        tests = min(Self.maximumTests, max(1, all / 16 / Self.socketsPerDelivery))
        let left = all - (self.deliveries + tests) * Self.socketsPerDelivery - self.idleConnections
        connections = min(Self.maximumConnections, left - ConnectionTable.Limits.headroom)
    }

    /// How many descriptors the process may have, once its limit has been raised to what it may be.
    static func raisedLimit() -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(files, &limit)
        guard getrlimit(files, &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Tells which bounds are lower than what was asked for.
    func log(deliveries: Int, idleConnections: Int, limit: Int, to logger: Logger) {
        guard
            self.deliveries < deliveries || self.idleConnections < idleConnections
                || connections < Self.maximumConnections
        else { return }
        logger.notice(
            "few open files are allowed, so bounds are lower ('ulimit -n', systemd's LimitNOFILE=)",
            metadata: [
                "open-files": "\(limit)", "connections": "\(connections)",
                "delivery-concurrency": "\(self.deliveries)", "idle-connections": "\(self.idleConnections)",
            ]
        )
    }
}
