package import WebhookModel

/// Failed attempts of a webhook since its last success.
///
/// When a receiver is away for a moment, every attempt that is under way to it fails. These failures say the same thing, and
/// count as one: only an attempt that began after the last counted one had failed says more.
package struct FailureRow: Sendable, Hashable {
    /// How many there are, those side by side counted as one.
    package var count: Int
    /// When the first of them was over; nil where none was, or nobody noted it.
    package var began: Timestamp?
    /// When the last counted one was over.
    package var latest: Timestamp?

    /// Creates a row; by default one without failures.
    package init(count: Int = 0, began: Timestamp? = nil, latest: Timestamp? = nil) {
        (self.count, self.began, self.latest) = (count, began, latest)
    }

    /// Returns the row with the failure of an attempt that began at `start` and ended at `end`. An attempt that began in
    /// the very moment in which the last counted one ended could not know of that failure.
    package func adding(from start: Timestamp, to end: Timestamp) -> FailureRow {
        var row = self
        // Results of attempts that ran side by side may come in any order.
        row.began = min(began ?? end, end)
        if let latest, start <= latest {
            // Results come late by seconds at most: the clock was set back, and nothing would count until it is there again.
            if latest.since(end) > .seconds(60) { row.latest = end }
            return row
        }
        row.count += 1
        row.latest = end
        return row
    }

    /// How long the row has lasted at `now`.
    package func length(at now: Timestamp) -> Duration {
        began.map { now.since($0) } ?? .zero
    }
}
