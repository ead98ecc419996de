package import FoundationEssentials
package import WebhookModel

/// The event that a webhook's change of state signals: `webhook66.errors` in the header, `webhook.errors` in the body.
/// Webhooks may listen to either name; the webhook itself never gets it, so that one that listens to its own errors does
/// not run in circles.
package enum StateEvent {
    /// The id of an event that a change may signal, and whether the event carries field values.
    package struct Seed: Sendable, Hashable {
        /// The event's id.
        package var id: UUID
        /// Whether the event carries `FieldValues`.
        package var sendsFieldValues: Bool
        /// What becomes of the event for webhooks that are TooManyErrors.
        package var missed: MissedEvents

        /// Creates a seed; by default with an id of its own, and without field values.
        package init(id: UUID = UUID(), sendsFieldValues: Bool = false, missed: MissedEvents = .record) {
            (self.id, self.sendsFieldValues, self.missed) = (id, sendsFieldValues, missed)
        }
    }

    /// The webhook and the count that the event's field values are made of.
    package struct Fields: Sendable, Hashable {
        /// The webhook, as it is stored.
        package var webhook: Webhook
        /// How many events have been sent to it.
        package var calls: Int

        /// Creates the fields of a webhook that has been called that often.
        package init(webhook: Webhook, calls: Int) {
            (self.webhook, self.calls) = (webhook, calls)
        }
    }

    /// The verb of a state, and the number that field values have for it: NetServer's documentation of these events counts
    /// from 0, unlike ``WebhookState``.
    fileprivate static func verb(of state: WebhookState) -> (verb: String, number: Int)? {
        switch state {
        case .active: ("started", 0)
        case .stopped: ("stopped", 1)
        case .tooManyErrors: ("errors", 2)
        case .unknown: nil
        }
    }

    fileprivate static func fieldValues(_ fields: Fields, state: Int) -> ObjectDictionary {
        let webhook = fields.webhook
        func number(_ number: Int) -> TypedValue { .scalar(.int, text: String(number)) }
        func time(_ time: Timestamp) -> TypedValue { .scalar(.dateTime, text: time.description) }
        func associate(_ associate: Associate?) -> TypedValue { number(Int(associate?.associateID ?? 0)) }
        return ObjectDictionary([
            ("events", number(fields.calls)), ("registered", time(webhook.registered)),
            ("registered_associate_id", associate(webhook.registeredBy)), ("state", number(state)),
            ("updated", time(webhook.updated)), ("updated_associate_id", associate(webhook.updatedBy)),
        ])
    }
}

extension WebhookStateChange {
    /// The event that tells of the change, nil when nothing does.
    ///
    /// - Parameters:
    ///   - tenant: The webhook's tenant.
    ///   - fields: Called only for an event that carries field values.
    package func event(in tenant: String, fields: () throws -> StateEvent.Fields) rethrows -> Event? {
        guard let (verb, number) = StateEvent.verb(of: to) else { return nil }
        let head = EventBody.head(
            eventID: seed.id,
            time: time,
            changes: [],
            event: "webhook." + verb,
            primaryKey: webhook,
            tenant: tenant,
            changedBy: associateID
        )
        let values = seed.sendsFieldValues ? StateEvent.fieldValues(try fields(), state: number) : nil
        var event = Event(
            id: seed.id,
            tenant: tenant,
            name: "webhook\(webhook).\(verb)",
            bodyHead: head,
            bodyTail: EventBody.tail(fieldValues: values),
            time: time
        )
        event.otherName = "webhook." + verb
        event.excludedWebhook = webhook
        event.missed = seed.missed
        return event
    }
}
