package import FoundationEssentials
package import WebhookModel

/// A delivery whose lease the caller holds, with the webhook's target, headers and secret as they are now.
package struct ClaimedDelivery: Sendable, Hashable {
    /// Which delivery.
    package var id: DeliveryID
    /// The fence of this claim.
    package var fence: Int64
    /// Attempts made before, in its present set.
    package var attempts: Int
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Event`.
    package var event: String
    /// The bytes to sign and send.
    package var body: [UInt8]
    /// The target, as it is now.
    package var url: String
    /// See ``Webhook/target``.
    package var target: String
    /// Whether its webhook's last attempt failed.
    package var isFailing = false
    /// The webhook's own headers, as they are now.
    package var headers: StringDictionary?
    /// The webhook's secret, as it is now.
    package var secret: String?

    /// Creates a delivery that was claimed.
    ///
    /// - Parameter target: See ``Webhook/target``; nil to take it from the URL.
    package init(
        id: DeliveryID,
        fence: Int64,
        attempts: Int,
        eventID: UUID,
        event: String,
        body: [UInt8],
        url: String,
        target: String? = nil,
        headers: StringDictionary?,
        secret: String?
    ) {
        (self.id, self.fence, self.attempts, self.eventID) = (id, fence, attempts, eventID)
        (self.event, self.body, self.url) = (event, body, url)
        self.target = target ?? Webhook.target(of: url)
        self.headers = headers
        self.secret = secret
    }
}
