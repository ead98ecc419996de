/// How well events share commits.
package struct CommitCounts: Sendable, Hashable {
    /// Commits that took events in.
    package var commits: Int
    /// Events that they took in.
    package var signals: Int

    /// Creates counts; by default of a store that has taken in no event.
    package init(commits: Int = 0, signals: Int = 0) {
        (self.commits, self.signals) = (commits, signals)
    }
}
