import DeliveryTransport
import NIOCore
import NIOEmbedded
import NIOHTTP1
import StoreContracts
import WebhookModel

/// One notification: its body is put together and signed, and the request is written as bytes.
struct NotificationOperation {
    private let request = NotificationRequest(version: "8.7")
    private let connection = EmbeddedChannel(handler: HTTPRequestEncoder())
    private let webhook = Sample.webhook
    private let event = Sample.event
    private let suffix = EventBody.suffix(of: Sample.webhook)

    func carryOut() throws {
        let notification = WebhookNotification(
            url: webhook.targetURL ?? "",
            headers: webhook.headers,
            secret: webhook.secret,
            event: event.name,
            eventID: event.id,
            retry: 0,
            isTest: false,
            body: event.bodyHead + suffix + event.bodyTail
        )
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/hook")
        head.headers = request.headers(of: notification)
        head.headers.add(name: "Host", value: "127.0.0.1:9000")
        head.headers.add(name: "Content-Length", value: String(notification.body.count))
        let body = ByteBuffer(bytes: notification.body)
        connection.write(HTTPClientRequestPart.head(head), promise: nil)
        connection.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
        try connection.writeOutbound(HTTPClientRequestPart.end(nil))
        var count = 0
        while let written = try connection.readOutbound(as: ByteBuffer.self) { count += written.readableBytes }
        guard head.headers.contains(name: "X-SuperOffice-Signature"), count > notification.body.count else {
            throw UnexpectedResultError(text: "The notification was not written as it always is.")
        }
    }
}
