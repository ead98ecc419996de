import Foundation
import Logging
import Synchronization

/// Hears other processes' hints, on a connection and a thread of its own.
final class PostgreSQLListener: Sendable {
    private final class Stop: Sendable {
        let isSet = Atomic(false)
    }

    private let stop = Stop()

    /// - Parameter opened: The connection that it begins with. When that breaks, it is made anew.
    init(_ location: PostgreSQLLocation, opened: PostgreSQLHandover, due: PostgreSQLDue, logger: Logger) {
        let stop = stop
        let thread = Thread { Self.listen(location, opened: opened, due: due, stop: stop, logger: logger) }
        thread.name = "postgresql-listener"
        thread.start()
    }

    deinit {
        stop.isSet.store(true, ordering: .relaxed)
    }

    private static func listen(
        _ location: PostgreSQLLocation,
        opened: PostgreSQLHandover,
        due: PostgreSQLDue,
        stop: Stop,
        logger: Logger
    ) {
        var backoff = PostgreSQLBackoff()
        var isWell = true
        while !stop.isSet.load(ordering: .relaxed) {
            do {
                let connection =
                    if let opened = opened.take() {
                        opened
                    } else {
                        try backoff.connect(until: .now.advanced(by: .seconds(1))) { () throws(PostgreSQLFailure) in
                            try PostgreSQLConnection(location, isServing: true)
                        }
                    }
                let channel = try connection.run("SELECT \(PostgreSQLDue.channel)")[0].text(0)
                try connection.execute("LISTEN \(channel)")
                if !isWell { logger.notice("connected to PostgreSQL again") }
                isWell = true
                due.hearNothing()
                while !stop.isSet.load(ordering: .relaxed) {
                    guard PostgreSQLConnection.isReadable(connection.descriptor, milliseconds: 500) else { continue }
                    for payload in try connection.notifications() { due.hear(payload) }
                }
            } catch {
                if isWell {
                    logger.warning("the connection to PostgreSQL is lost", metadata: ["error": "\(error.text)"])
                }
                isWell = false
            }
        }
    }
}
