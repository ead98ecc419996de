import LogThrottling
package import Logging

/// Logs what happens to the ten connections of a process as if they were one connection.
package final class PostgreSQLConnectionLog: Sendable {
    private let logger: Logger
    private let outages = OutageLog()
    private let cuts = LogThrottle(interval: .seconds(3600))

    package init(logger: Logger) {
        self.logger = logger
    }

    /// Notes that a connection broke. It is made anew without help, and breaks often where idle connections are closed.
    func cut(_ reason: String) {
        cuts.log(
            .notice,
            "a connection to PostgreSQL was cut, and is made anew; the next line of this is at most one an hour",
            metadata: ["error": "\(reason)"],
            to: logger
        )
    }

    /// Notes that a connection cannot be made.
    package func failed(_ failure: PostgreSQLError) {
        outages.failed(
            .warning,
            "PostgreSQL cannot be reached",
            kind: "no connection",
            metadata: ["error": "\(failure.text)"],
            to: logger
        )
    }

    /// Notes that a connection works.
    func worked() {
        outages.worked("PostgreSQL is reached again", to: logger)
    }
}
