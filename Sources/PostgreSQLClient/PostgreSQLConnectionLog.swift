import LogThrottling
package import Logging

/// Tells of a process's connections, of which there are ten, as of one.
package final class PostgreSQLConnectionLog: Sendable {
    private let logger: Logger
    private let outages = OutageLog()
    private let cuts = LogThrottle(interval: .seconds(3600))

    package init(logger: Logger) {
        self.logger = logger
    }

    /// A connection broke. That is made good by itself, and where idle connections are closed it happens all the time.
    func cut(_ reason: String) {
        cuts.log(
            .notice,
            "a connection to PostgreSQL was cut, and is made anew; the next line of this is at most one an hour",
            metadata: ["error": "\(reason)"],
            to: logger
        )
    }

    /// A connection cannot be made.
    package func failed(_ failure: PostgreSQLError) {
        outages.failed(
            .warning,
            "PostgreSQL cannot be reached",
            kind: "no connection",
            metadata: ["error": "\(failure.text)"],
            to: logger
        )
    }

    /// A connection works.
    func worked() {
        outages.worked("PostgreSQL is reached again", to: logger)
    }
}
