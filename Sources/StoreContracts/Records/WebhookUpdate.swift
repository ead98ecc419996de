package import WebhookModel

/// What came of an update.
package enum WebhookUpdate: Sendable, Hashable {
    /// The webhook as it is stored now.
    case stored(Webhook)
    /// The scope has no webhook with that id.
    case absent
    /// The webhook has been updated since the version that was to be replaced.
    case changed
}
