import Foundation
import Logging
import PostgreSQLClient
import StoreContracts

/// A wait of a migration for other sessions of the database. It has a bound, is told to the log, and can be given up.
struct PostgreSQLMigrationWait {
    /// How long a migration waits at most.
    static let limit = Duration.seconds(600)

    private let others: String
    private let stop: PostgreSQLStop?
    private let logger: Logger
    private let deadline = ContinuousClock.now.advanced(by: limit)
    private var isTold = false

    /// Creates a wait that begins now.
    ///
    /// - Parameters:
    ///   - others: Whom the migration waits for.
    ///   - stop: Gives the wait up; nil where nothing does.
    init(for others: String, stop: PostgreSQLStop?, logger: Logger) {
        (self.others, self.stop, self.logger) = (others, stop, logger)
    }

    /// Blocks for some seconds. The first pause of a wait is told to the log.
    ///
    /// Throws an error of kind unavailable when the wait has taken as long as it may, or is given up.
    mutating func pause(_ seconds: Double) throws(StoreError) {
        if let stop, stop.isOver {
            throw .unavailable("the service stops, and waits no longer for \(others)")
        }
        guard ContinuousClock.now < deadline else { throw Self.tooLong }
        if !isTold {
            isTold = true
            logger.notice("waiting for \(others)", metadata: ["at-most": "\(Self.limit.components.seconds) s"])
        }
        Thread.sleep(forTimeInterval: seconds)
    }

    static let tooLong = StoreError.unavailable(
        "the schema could not be migrated within \(limit.components.seconds) s: another process migrates it, or reads its tables (a backup?)"
    )
}
