package import Logging
import Synchronization

/// Lets one line of each message through in an interval; the next line of it tells how many were left out.
///
/// For what fails once a call while a disk is full or a database is away: thousands of equal lines a second hide
/// everything else, and fill the disk that the log is on.
package final class LogThrottle: Sendable {
    private struct Message {
        var logged: Duration
        var leftOut = 0
    }

    private let interval: Duration
    private let elapsed: @Sendable () -> Duration
    private let messages = Mutex<[String: Message]>([:])

    /// Creates a throttle that has logged nothing yet.
    ///
    /// - Parameter elapsed: A clock that never goes back.
    package init(
        interval: Duration = .seconds(1),
        elapsed: @escaping @Sendable () -> Duration = { ContinuousClock.elapsed }
    ) {
        (self.interval, self.elapsed) = (interval, elapsed)
    }

    /// Logs the message, unless it was logged within the interval.
    ///
    /// - Parameters:
    ///   - message: Stands in the source as it is, so that there are only so many; what differs goes into the metadata.
    ///   - metadata: Asked for only when the line is logged. `leftOut` is added when lines were left out before this one.
    /// - Returns: Whether the line was logged.
    @discardableResult
    package func log(
        _ level: Logger.Level,
        _ message: StaticString,
        metadata: @autoclosure () -> Logger.Metadata = [:],
        to logger: Logger
    ) -> Bool {
        guard let leftOut = leftOut(before: message.description) else { return false }
        logger.log(level, message, metadata: metadata(), leftOut: leftOut)
        return true
    }

    /// How many lines were left out since the last one, nil when this one is left out too.
    private func leftOut(before message: String) -> Int? {
        let now = elapsed()
        return messages.withLock { messages in
            if let last = messages[message], now - last.logged < interval {
                messages[message]?.leftOut += 1
                return nil
            }
            return messages.updateValue(Message(logged: now), forKey: message)?.leftOut ?? 0
        }
    }
}

extension Logger {
    /// Logs the message, with the number of lines that were left out before it where there were any.
    func log(_ level: Level, _ message: StaticString, metadata: Metadata, leftOut: Int) {
        var metadata = metadata
        if leftOut > 0 { metadata["leftOut"] = "\(leftOut)" }
        log(level: level, "\(message)", metadata: metadata)
    }
}

extension ContinuousClock {
    private static let origin = ContinuousClock.now

    /// The time since an origin in this process's life, whatever the machine's clock is set to meanwhile.
    package static var elapsed: Duration { origin.duration(to: .now) }
}
