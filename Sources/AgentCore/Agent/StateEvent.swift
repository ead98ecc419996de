package import FoundationEssentials

/// The event that a webhook's change of state signals (contract, sections 6 and 7): `webhook66.errors` in the header,
/// `webhook.errors` in the body. Webhooks may listen to either name; the webhook itself never gets it, so that one that
/// listens to its own errors does not run in circles.
package enum StateEvent {
    /// The event for a change from `old` to `new`, nil when that signals nothing.
    package static func event(
        webhook: Int32,
        from old: WebhookState,
        to new: WebhookState,
        id: UUID,
        tenant: String,
        changedBy associateID: Int32,
        time: Timestamp
    ) -> Event? {
        guard old != new, let verb = verb(of: new) else { return nil }
        let head = EventBody.head(
            eventID: id,
            time: time,
            changes: [],
            event: "webhook." + verb,
            primaryKey: webhook,
            tenant: tenant,
            changedBy: associateID
        )
        var event = Event(
            id: id,
            tenant: tenant,
            name: "webhook\(webhook).\(verb)",
            bodyHead: head,
            bodyTail: EventBody.tail(fieldValues: nil),
            time: time
        )
        event.otherName = "webhook." + verb
        event.excludedWebhook = webhook
        return event
    }

    private static func verb(of state: WebhookState) -> String? {
        switch state {
        case .active: "started"
        case .stopped: "stopped"
        case .tooManyErrors: "errors"
        case .unknown: nil
        }
    }
}
