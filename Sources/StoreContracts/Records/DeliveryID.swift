/// One event for one webhook. Its text form is `EVENT-WEBHOOK`.
package struct DeliveryID: Sendable, Hashable, LosslessStringConvertible {
    /// The store's number of the event.
    package var event: Int64
    /// The webhook.
    package var webhook: Int32

    /// Creates the id of an event's delivery to a webhook.
    package init(event: Int64, webhook: Int32) {
        (self.event, self.webhook) = (event, webhook)
    }

    /// Reads the text form; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let event = Int64(parts[0]), let webhook = Int32(parts[1]) else { return nil }
        self.init(event: event, webhook: webhook)
    }

    /// `EVENT-WEBHOOK`.
    package var description: String { "\(event)-\(webhook)" }
}
