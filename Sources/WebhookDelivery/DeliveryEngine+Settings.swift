package import StoreContracts

extension DeliveryEngine {
    /// What bounds the engine.
    package struct Settings: Sendable, Hashable {
        /// Deliveries at most between their claim and the record of their result.
        package var concurrency: Int
        /// The same for one target, whatever webhooks lead to it.
        package var perTarget: Int
        /// The same where the last attempt failed.
        package var perFailingTarget: Int
        /// How long a claim holds; longer than an attempt can take.
        package var lease: Duration
        /// The longest time that the queue is left alone.
        package var pollInterval: Duration
        /// How long what is in flight may go on when the service stops.
        package var drain: Duration
        /// Whether events of webhooks' states carry `FieldValues`.
        package var sendsFieldValues = false
        /// What becomes of those events for webhooks that are TooManyErrors.
        package var missedEvents = MissedEvents.record

        /// The defaults, but for what is given.
        package init(
            concurrency: Int = 512,
            perTarget: Int = 64,
            perFailingTarget: Int = 2,
            lease: Duration = .seconds(30),
            pollInterval: Duration = .seconds(1),
            drain: Duration = .seconds(15)
        ) {
            (self.concurrency, self.perTarget, self.perFailingTarget) = (concurrency, perTarget, perFailingTarget)
            (self.lease, self.pollInterval, self.drain) = (lease, pollInterval, drain)
        }
    }
}
