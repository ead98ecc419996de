package import StoreContracts

/// What an installation decides about webhooks (docs/contract.md#section-6).
package struct AgentRules: Sendable, Hashable {
    /// Whether targets must be `https`.
    package var requiresHTTPS: Bool
    /// How a refusal names what an operator can change about that; nil where it does not.
    package var httpsRemedy: String?
    /// Whether saving sends the test event to the target first.
    package var verifiesTarget: Bool
    /// Whether the body of a delivery carries the values of the event's data, as newer servers do.
    package var sendsFieldValues: Bool
    /// What the right to webhooks is needed for.
    package var webhookRight: WebhookRight
    /// Which statuses a test event is answered with by a target that takes it.
    package var success: DeliveryPolicy.Success
    /// What becomes of events for webhooks that are TooManyErrors.
    package var missedEvents: MissedEvents

    /// NetServer's rules, but for what is given.
    package init(
        requiresHTTPS: Bool = true,
        httpsRemedy: String? = nil,
        verifiesTarget: Bool = true,
        sendsFieldValues: Bool = false,
        webhookRight: WebhookRight = .exceptSignal,
        success: DeliveryPolicy.Success = .ok,
        missedEvents: MissedEvents = .record
    ) {
        self.requiresHTTPS = requiresHTTPS
        self.httpsRemedy = httpsRemedy
        self.verifiesTarget = verifiesTarget
        self.sendsFieldValues = sendsFieldValues
        self.webhookRight = webhookRight
        self.success = success
        self.missedEvents = missedEvents
    }
}

/// Which operations ask for ``Right/webhooks``; the raw value is the setting's.
package enum WebhookRight: String, Sendable, Hashable, CaseIterable {
    /// Every operation.
    case everything
    /// Every operation but SignalEvent, which programs call that have no business with webhooks themselves.
    case exceptSignal = "except-signal"
    /// No operation.
    case nothing
}
