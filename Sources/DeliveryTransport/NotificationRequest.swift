import Foundation
package import NIOHTTP1
package import WebhookModel

/// The request that carries a notification: the documented headers, and the signature over the exact body
/// (docs/contract.md#section-7).
package struct NotificationRequest: Sendable {
    private let userAgent: String
    private let signer: NotificationSigner

    /// - Parameter version: What follows `NetServer-Webhook/` in `User-Agent`.
    package init(version: String, signer: NotificationSigner = NotificationSigner()) {
        userAgent = "NetServer-Webhook/" + version
        self.signer = signer
    }

    /// The headers, `Host` and `Content-Length` apart.
    package func headers(of notification: WebhookNotification) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        headers.add(name: "User-Agent", value: userAgent)
        headers.add(name: "X-SuperOffice-Event", value: Self.headerText(notification.event))
        headers.add(name: "X-SuperOffice-EventId", value: notification.eventID.uuidString.lowercased())
        headers.add(name: "X-SuperOffice-Retry", value: String(notification.retry))
        if notification.isTest { headers.add(name: "X-Hook-Test", value: "true") }
        if let signature = signature(of: notification) {
            headers.add(name: "X-SuperOffice-Signature", value: signature)
        }
        for header in notification.headers?.entries ?? [] where Self.mayBeSet(header) {
            headers.replaceOrAdd(name: header.key, value: header.value ?? "")
        }
        return headers
    }

    /// The value of `X-SuperOffice-Signature`; nil where the notification is not signed.
    func signature(of notification: WebhookNotification) -> String? {
        notification.signature ?? signer.signature(of: notification.body, secret: notification.secret)
    }

    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "x-hook-test",
        // The sender sets the headers that are for one hop alone (RFC 9110, section 7.6.1).
        "expect", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade",
    ]

    /// Whether a webhook's own header is sent; those that carry the delivery are ours, and none may end a line.
    private static func mayBeSet(_ header: StringDictionary.Entry) -> Bool {
        let name = header.key.lowercased()
        return !name.isEmpty && !reserved.contains(name) && !name.hasPrefix("x-superoffice-")
            && name.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: ":") }
            && (header.value ?? "").utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
    }

    /// Clients choose the names of events. Characters that a header cannot hold are percent-encoded.
    static func headerText(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            if (0x20..<0x7F).contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
    }
}
