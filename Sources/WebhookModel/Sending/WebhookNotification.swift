package import FoundationEssentials

/// One POST to a target, decided down to its body bytes; the sender adds only what HTTP needs and the signature.
package struct WebhookNotification: Sendable, Hashable {
    /// The target.
    package var url: String
    /// The webhook's own headers, as saved.
    package var headers: StringDictionary?
    /// Signs the body when it is not empty.
    package var secret: String?
    /// The signature where it has been made already; else the sender makes it.
    package var signature: String?
    /// `X-SuperOffice-Event`.
    package var event: String
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Retry`: attempts before this one.
    package var retry: Int
    /// Whether `X-Hook-Test: true` is sent.
    package var isTest: Bool
    /// The exact bytes that are signed and sent.
    package var body: [UInt8]

    /// Creates a notification that is not signed yet.
    package init(
        url: String,
        headers: StringDictionary?,
        secret: String?,
        event: String,
        eventID: UUID,
        retry: Int,
        isTest: Bool,
        body: [UInt8]
    ) {
        (self.url, self.headers, self.secret, self.event) = (url, headers, secret, event)
        (self.eventID, self.retry, self.isTest, self.body) = (eventID, retry, isTest, body)
    }
}
