package import WebhookModel

/// What came of an update.
package enum WebhookUpdate: Sendable, Hashable {
    /// The webhook as it is stored now.
    case stored(Webhook)
    /// There is none of that id in the scope.
    case absent
    /// It has been updated since the version that was to be replaced.
    case changed
}
