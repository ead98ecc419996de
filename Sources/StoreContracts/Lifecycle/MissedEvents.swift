/// What becomes of an event for a webhook that is TooManyErrors when it is signalled. The raw value is the setting's.
package enum MissedEvents: String, Sendable, Hashable, CaseIterable {
    /// It stays on record as missed, and can be replayed. It is not sent by itself.
    case record
    /// It waits until the webhook is Active again.
    case park
    /// Nothing is recorded.
    case drop
}
