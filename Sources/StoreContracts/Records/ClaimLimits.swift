/// How much one claim may take.
package struct ClaimLimits: Sendable, Hashable {
    /// Deliveries in all.
    package var total: Int
    /// Deliveries in flight to one target.
    package var perTarget: Int
    /// Deliveries in flight to one target whose last attempt failed, so that targets that hang do not take all places.
    package var perFailingTarget: Int
    /// Deliveries to targets whose last attempt failed, in all.
    package var failing: Int
    /// Deliveries in flight by ``Webhook/target``.
    package var inFlight: [String: Int]

    /// Creates limits; by default none but the total.
    package init(
        total: Int,
        perTarget: Int = .max,
        perFailingTarget: Int = .max,
        failing: Int = .max,
        inFlight: [String: Int] = [:]
    ) {
        (self.failing, self.total, self.perTarget) = (failing, total, perTarget)
        (self.perFailingTarget, self.inFlight) = (perFailingTarget, inFlight)
    }

    /// How many more deliveries a webhook's target may have, given the webhook's consecutive errors.
    package func room(target: String, consecutiveErrors: Int) -> Int {
        let taken = inFlight[target] ?? 0
        guard consecutiveErrors > 0 else { return max(0, perTarget - taken) }
        return max(0, min(min(perTarget, perFailingTarget) - taken, failing))
    }

    /// Counts deliveries to a target as in flight.
    package mutating func take(_ count: Int, target: String, consecutiveErrors: Int) {
        total -= count
        if consecutiveErrors > 0 { failing -= count }
        inFlight[target, default: 0] += count
    }
}
