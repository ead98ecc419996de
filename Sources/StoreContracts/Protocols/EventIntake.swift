import WebhookModel

/// Takes events in. Every call is as ``AgentStore`` says.
package protocol EventIntake: Sendable {
    /// Takes an event in with one delivery for every webhook of its tenant that is Active and listens to it, in one
    /// transaction; for those that are TooManyErrors, ``Event/missed`` says what becomes of it.
    ///
    /// - Parameter completion: Is told once how many deliveries that made, or why nothing was stored. It is called on any
    ///   thread, also on the caller's, and must not block.
    func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void)
}

extension EventIntake {
    /// Takes an event in as the other form does. Returns how many deliveries that made.
    @discardableResult
    package func signal(_ event: Event) async throws(StoreError) -> Int {
        let result = await withCheckedContinuation { continuation in
            signal(event) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
