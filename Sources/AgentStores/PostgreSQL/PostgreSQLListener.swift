import Foundation
import Logging
import Synchronization

/// Hears other processes' hints, on a connection and a thread of its own.
final class PostgreSQLListener: Sendable {
    private final class Stop: Sendable {
        let isSet = Atomic(false)
    }

    private let stop = Stop()

    init(_ location: PostgreSQLLocation, due: PostgreSQLDue, logger: Logger) {
        let stop = stop
        let thread = Thread { Self.listen(location, due: due, stop: stop, logger: logger) }
        thread.name = "postgresql-listener"
        thread.start()
    }

    deinit {
        stop.isSet.store(true, ordering: .relaxed)
    }

    private static func listen(_ location: PostgreSQLLocation, due: PostgreSQLDue, stop: Stop, logger: Logger) {
        var backoff = PostgreSQLBackoff()
        var isWell = true
        while !stop.isSet.load(ordering: .relaxed) {
            do {
                let connection = try backoff.connect(until: .now.advanced(by: .seconds(1))) {
                    () throws(PostgreSQLFailure) in try PostgreSQLConnection(location)
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
