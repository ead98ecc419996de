/// Tells whether a store works and what it holds. Every call is as ``AgentStore`` says.
package protocol StoreHealth: Sendable {
    /// Throws when the store cannot be reached or written.
    func checkHealth() async throws(StoreError)

    /// Returns how many deliveries are in each state, and since when the oldest pending one has been due.
    func counts() async throws(StoreError) -> DeliveryCounts

    /// Commits so far that took events in, and how many events shared them.
    var commitCounts: CommitCounts { get }

    /// Measures the store itself.
    func measurements() async throws(StoreError) -> [StoreMeasurement]
}

extension StoreHealth {
    /// Returns nothing, for a store that has nothing to measure.
    package func measurements() async throws(StoreError) -> [StoreMeasurement] { [] }
}
