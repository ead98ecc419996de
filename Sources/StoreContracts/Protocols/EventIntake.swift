/// Takes events in. Every call is as ``AgentStore`` says.
package protocol EventIntake: Sendable {
    /// Takes an event in with one delivery for every webhook of its tenant that is Active and listens to it, in one
    /// transaction; for those that are TooManyErrors, ``Event/missed`` says what becomes of it. Returns how many deliveries
    /// that made.
    @discardableResult
    func signal(_ event: Event) async throws(StoreError) -> Int
}
