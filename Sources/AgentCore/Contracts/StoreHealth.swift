/// Tells how a store is. Every call is as ``AgentStore`` says.
package protocol StoreHealth: Sendable {
    /// Whether the store can be reached and written; throws when it cannot.
    func checkHealth() async throws(StoreError)

    /// How many deliveries are in each state, and since when the oldest pending one has been due.
    func counts() async throws(StoreError) -> DeliveryCounts

    /// Commits so far that took events in, and how many events shared them.
    var commitCounts: CommitCounts { get }

    /// Returns the store's own gauges, as `/metrics` shows them.
    func figures() async throws(StoreError) -> [StoreFigure]
}

extension StoreHealth {
    /// Nothing.
    package func figures() async throws(StoreError) -> [StoreFigure] { [] }
}
