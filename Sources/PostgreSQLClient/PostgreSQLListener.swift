import Foundation
import StoreSupport

/// Receives notifications, on a connection and a thread of its own.
package final class PostgreSQLListener: Sendable {
    private let stop = PostgreSQLStop()
    private let wait = InterruptibleWait()
    private let threads = StoreThreads()

    /// Listens to a channel.
    ///
    /// - Parameters:
    ///   - opened: The connection that it begins with. When that breaks, it is made anew.
    ///   - onOpen: Prepares each connection that is made anew.
    ///   - channel: SQL for the channel's name.
    ///   - begin: Is called whenever listening begins: notifications from before may have been lost.
    ///   - receive: Gets the payload of each notification.
    package init(
        _ location: PostgreSQLLocation,
        opened: PostgreSQLHandover,
        onOpen: @escaping PostgreSQLConnection.Preparation,
        channel: String,
        log: PostgreSQLConnectionLog,
        begin: @escaping @Sendable () -> Void,
        receive: @escaping @Sendable (String) -> Void
    ) {
        let (stop, wait) = (stop, wait)
        threads.start(name: "postgresql-listener") {
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
                                () throws(PostgreSQLError) in
                                try PostgreSQLConnection(location, onOpen: onOpen, stop: stop)
                            }
                        }
                    connection.stop = stop
                    let name = try connection.run("SELECT \(channel)")[0].text(0)
                    try connection.execute("LISTEN \(name)")
                    isConnected = true
                    begin()
                    while !stop.isOver {
                        log.worked()
                        guard wait.isReadable(connection.descriptor, milliseconds: 5000) else { continue }
                        for payload in try connection.notifications() { receive(payload) }
                    }
                } catch {
                    if stop.isOver { return }
                    let failure = error as? PostgreSQLError ?? PostgreSQLError(.statement, "\(error)")
                    if isConnected { log.cut(failure.text) } else { log.failed(failure) }
                }
            }
        }
    }

    deinit {
        stopListening()
    }

    /// Lets the thread end, without waiting for that.
    package func stopListening() {
        stop.begin(within: .zero)
        wait.interrupt()
    }

    /// Returns when the thread has ended and its connection is closed.
    package func close() async {
        stopListening()
        await threads.finish()
    }
}
