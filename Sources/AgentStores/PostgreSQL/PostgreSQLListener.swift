import Foundation

/// Hears other processes' hints, on a connection and a thread of its own.
final class PostgreSQLListener: Sendable {
    private let stop = PostgreSQLStop()
    private let threads = StoreThreads()

    /// - Parameter opened: The connection that it begins with. When that breaks, it is made anew.
    init(_ location: PostgreSQLLocation, opened: PostgreSQLHandover, due: PostgreSQLDue, log: PostgreSQLConnectionLog) {
        let stop = stop
        threads.start(name: "postgresql-listener") {
            Self.listen(location, opened: opened, due: due, stop: stop, log: log)
        }
    }

    deinit {
        stopListening()
    }

    /// Lets the thread end, without waiting for that.
    func stopListening() { stop.begin(within: .zero) }

    /// Returns when the thread has ended and its connection is closed.
    func close() async {
        stopListening()
        await threads.finish()
    }

    private static func listen(
        _ location: PostgreSQLLocation,
        opened: PostgreSQLHandover,
        due: PostgreSQLDue,
        stop: PostgreSQLStop,
        log: PostgreSQLConnectionLog
    ) {
        var backoff = PostgreSQLBackoff()
        var isConnected = false
        while !stop.isOver {
            do {
                isConnected = false
                let connection =
                    if let opened = opened.take() {
                        opened
                    } else {
                        try backoff.connect(until: .now.advanced(by: .seconds(1)), stop: stop) {
                            () throws(PostgreSQLFailure) in
                            try PostgreSQLConnection(location, isServing: true, stop: stop)
                        }
                    }
                connection.stop = stop
                let channel = try connection.run("SELECT \(PostgreSQLDue.channel)")[0].text(0)
                try connection.execute("LISTEN \(channel)")
                isConnected = true
                due.hearNothing()
                while !stop.isOver {
                    log.worked()
                    guard PostgreSQLConnection.isReadable(connection.descriptor, milliseconds: 500) else { continue }
                    for payload in try connection.notifications() { due.hear(payload) }
                }
            } catch {
                if stop.isOver { return }
                let failure = error as? PostgreSQLFailure ?? PostgreSQLFailure(.statement, "\(error)")
                if isConnected { log.cut(failure.text) } else { log.failed(failure) }
            }
        }
    }
}
