import StoreContracts
package import WebhookModel

/// Decides between a change to a webhook and one that another caller has made meanwhile.
package enum WebhookConflict: Sendable, Hashable {
    /// The change replaces what the others have made of the webhook.
    case overwrite
    /// The change is refused with an error of kind illegalOperation.
    case refuse
    /// The change is made again, from what the others have made of the webhook. After many tries it is refused with an error
    /// of kind illegalOperation.
    case retry
}

/// Why a webhook was not changed.
package enum WebhookChangeError<Refusal: Error>: Error {
    /// The operation failed.
    case operation(AgentError)
    /// The change could not be made.
    case refused(Refusal)
}

/// Creating and replacing webhooks.
extension WebhookAgent {
    /// Stores a webhook: id 0 creates one, any other replaces the caller's webhook of that id as a whole, State apart.
    /// White space around names is left out; what comes back as XML clients are shown it stays as it is stored.
    /// The target is asked first, and nothing is stored when it does not take the test event; not so for a webhook that is
    /// Stopped then, so that one whose target is gone can be.
    package func saveWebhook(_ webhook: Webhook?, by caller: Caller) async throws(AgentError) -> Webhook {
        try checkRight(caller)
        guard let webhook else { throw Self.missing("Webhook") }
        guard webhook.id != 0 else { return try await create(webhook, by: caller) }
        let stored = try await stored(webhook.id, for: caller)
        var tested: Webhook?
        guard let saved = try await replace(stored, with: webhook, version: nil, tested: &tested, by: caller) else {
            throw Self.changed(webhook.id)
        }
        return saved
    }

    /// Replaces the caller's webhook of that id by what `transform` makes of it, by the rules of
    /// ``saveWebhook(_:by:)``. Where that is tried again, the target is not asked again if the webhook leads to the same in
    /// the same way.
    ///
    /// - Parameter transform: Makes the new webhook from the stored one. It may be called more than once.
    package func changeWebhook<Refusal: Error>(
        id: Int32,
        by caller: Caller,
        onConflict: WebhookConflict,
        transform: (Webhook) async throws(Refusal) -> Webhook
    ) async throws(WebhookChangeError<Refusal>) -> Webhook {
        do { try checkRight(caller) } catch { throw .operation(error) }
        var tested: Webhook?
        for _ in 0..<Self.changeAttempts {
            let stored: Webhook
            do { stored = try await self.stored(id, for: caller) } catch { throw .operation(error) }
            var webhook: Webhook
            do { webhook = try await transform(stored) } catch { throw .refused(error) }
            webhook.id = id
            let version = onConflict == .overwrite ? nil : stored.updated
            let saved: Webhook?
            do {
                saved = try await replace(stored, with: webhook, version: version, tested: &tested, by: caller)
            } catch {
                throw .operation(error)
            }
            if let saved { return saved }
            if onConflict != .retry { throw .operation(Self.changed(id)) }
        }
        throw .operation(
            AgentError(.illegalOperation, "The webhook \(id) is being changed by others. Try again.")
        )
    }

    /// How often a change is made.
    private static let changeAttempts = 50

    private func stored(_ id: Int32, for caller: Caller) async throws(AgentError) -> Webhook {
        let stored = try await mappingStoreErrors { () throws(StoreError) in
            try await store.webhook(id: id, in: caller.scope)
        }
        guard let stored else { throw Self.notFound(id) }
        return stored
    }

    private func create(_ new: Webhook, by caller: Caller) async throws(AgentError) -> Webhook {
        var webhook = Self.tidied(new)
        try WebhookValidation.saving(webhook, rules: rules).check()
        webhook.properties = webhook.properties?.adoptingTypes(of: nil)
        if webhook.state == .unknown { webhook.state = .active }
        if webhook.state != .stopped { try await verifyTarget(of: webhook, for: caller) }
        webhook.updated = now()
        webhook.updatedBy = caller.associate
        webhook.registered = webhook.updated
        webhook.registeredBy = caller.associate
        webhook.known = .all
        let creating = webhook
        return try await mappingStoreErrors { () throws(StoreError) in
            try await store.insert(creating, bodySuffix: EventBody.suffix(of: creating), in: caller.scope)
        }
    }

    /// Replaces a stored webhook. Returns nil when it is no longer of that version.
    ///
    /// - Parameters:
    ///   - version: When the webhook that is to be replaced was last updated; nil to replace it whatever it is.
    ///   - tested: The webhook whose target was asked last; nil when none was.
    private func replace(
        _ stored: Webhook,
        with new: Webhook,
        version: Timestamp?,
        tested: inout Webhook?,
        by caller: Caller
    ) async throws(AgentError) -> Webhook? {
        var webhook = Self.tidied(new)
        webhook.restoreTexts(of: stored)
        try WebhookValidation.saving(webhook, rules: rules).check()
        webhook.properties = webhook.properties?.adoptingTypes(of: stored.properties)
        let state = webhook.state == .unknown ? stored.state : webhook.state
        if state != .stopped, !(tested.map { webhook.isReached(like: $0) } ?? false) {
            try await verifyTarget(of: webhook, for: caller)
            tested = webhook
        }
        webhook.updated = now()
        webhook.updatedBy = caller.associate
        let save = WebhookSave(
            webhook,
            bodySuffix: EventBody.suffix(of: webhook),
            stateEvent: StateEvent.Seed(
                id: makeID(),
                sendsFieldValues: rules.sendsFieldValues,
                missed: rules.missedEvents
            ),
            version: version
        )
        let updated = try await mappingStoreErrors { () throws(StoreError) in
            try await store.update(save, in: caller.scope)
        }
        switch updated {
        case .stored(let webhook): return webhook
        case .absent: throw Self.notFound(save.webhook.id)
        case .changed: return nil
        }
    }

    private static func tidied(_ new: Webhook) -> Webhook {
        var webhook = new
        webhook.trimNames()
        if webhook.type?.isEmpty ?? true { webhook.type = Webhook.deliverableType }
        return webhook
    }

    private static func changed(_ id: Int32) -> AgentError {
        AgentError(.illegalOperation, "The webhook \(id) has been changed by somebody else.")
    }
}
