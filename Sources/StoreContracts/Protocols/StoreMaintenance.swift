/// Keeps a store from growing for ever, and empties it. Every call is as ``AgentStore`` says.
package protocol StoreMaintenance: Sendable {
    /// Removes what `limits` does not keep, and the events that nothing refers to then, in one small step. Returns whether
    /// there may be more.
    func prune(_ limits: LogLimits) async throws(StoreError) -> Bool

    /// Removes everything but sessions, for trials.
    func reset() async throws(StoreError)
}
