/// Tells how a store is. Every call is as ``AgentStore`` says.
package protocol StoreHealth: Sendable {
    /// Whether the store can be reached and written; throws when it cannot.
    func checkHealth() async throws(StoreError)

    /// How many deliveries are in each state, and since when the oldest pending one has been due.
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
