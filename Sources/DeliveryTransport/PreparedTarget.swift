import Foundation
import NIOCore
import NIOHTTP1
import Networking
import Text
import WebhookModel

/// What is the same in all requests to one URL with the same headers of a webhook: the URL taken apart, and the bytes before
/// and after the headers that differ.
///
/// ``NotificationRequest`` says which headers a request has. A request leaves here as the bytes that go over the connection.
final class PreparedTarget: Sendable {
    let target: TargetURL
    /// The host where it is written as an address; nil where it is a name.
    let literal: IPAddress?
    /// Whether HTTP allows all characters of the request.
    let isSendable: Bool
    /// From the request line up to the value of `X-SuperOffice-Event`.
    private let begin: [UInt8]
    /// After the headers that differ, up to the value of `Content-Length`.
    private let end: [UInt8]

    /// Takes a URL apart, and writes what is the same in all requests to it.
    init(
        url: String,
        headers own: StringDictionary?,
        request: NotificationRequest,
        route: TargetRoute
    ) throws(TargetURL.ParseError) {
        target = try TargetURL(parsing: url)
        literal = IPAddress(target.host)
        let requestTarget = route.requestTarget(for: target)
        let headers = Self.headers(of: own, to: target, request: request, route: route)
        isSendable =
            requestTarget.utf8.allSatisfy(Self.isOfRequestTarget)
            && headers.allSatisfy {
                $0.name.utf8.allSatisfy(Self.isOfToken) && $0.value.utf8.allSatisfy(Self.isOfValue)
            }
        var (begin, end) = ("POST \(requestTarget) HTTP/1.1\r\n", "")
        var isEnd = false
        for (name, value) in headers {
            switch name {
            // The headers that differ follow each other, and no header of a webhook has one of their names.
            case "X-SuperOffice-Event": isEnd = true
            case "X-SuperOffice-EventId", "X-SuperOffice-Retry": break
            default:
                let line = "\(name): \(value)\r\n"
                if isEnd { end += line } else { begin += line }
            }
        }
        self.begin = Array((begin + "X-SuperOffice-Event: ").utf8)
        self.end = Array((end + "Content-Length: ").utf8)
    }

    /// The headers of any request, `Content-Length` apart.
    private static func headers(
        of own: StringDictionary?,
        to target: TargetURL,
        request: NotificationRequest,
        route: TargetRoute
    ) -> HTTPHeaders {
        var headers = request.headers(
            of: WebhookNotification(
                url: "",
                headers: own,
                secret: nil,
                event: "",
                eventID: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                retry: 0,
                isTest: false,
                body: []
            )
        )
        if let authorization = target.basicAuthorization, !headers.contains(name: "Authorization") {
            headers.add(name: "Authorization", value: authorization)
        }
        if let authorization = route.proxyAuthorization(for: target) {
            headers.add(name: "Proxy-Authorization", value: authorization)
        }
        headers.add(name: "Host", value: target.hostHeader)
        return headers
    }

    /// The request that carries a notification to this target, head and body.
    func request(carrying notification: WebhookNotification, signature: String?) -> ByteBuffer {
        let body = notification.body
        var buffer = ByteBufferAllocator().buffer(capacity: begin.count + end.count + Self.varyingBytes + body.count)
        buffer.writeBytes(begin)
        buffer.writeString(NotificationRequest.headerText(notification.event))
        buffer.writeStaticString("\r\nX-SuperOffice-EventId: ")
        buffer.writeLowercase(notification.eventID)
        buffer.writeStaticString("\r\nX-SuperOffice-Retry: ")
        buffer.writeString(String(notification.retry))
        buffer.writeStaticString("\r\n")
        if notification.isTest { buffer.writeStaticString("X-Hook-Test: true\r\n") }
        if let signature {
            buffer.writeStaticString("X-SuperOffice-Signature: ")
            buffer.writeString(signature)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeBytes(end)
        buffer.writeString(String(body.count))
        buffer.writeStaticString("\r\n\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    /// About how many bytes the headers take that differ.
    private static let varyingBytes = 320

    // MARK: Characters

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// RFC 9110, section 5.6.2.
    private static func isOfToken(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }

    /// RFC 9110, section 5.5.
    private static func isOfValue(_ byte: UInt8) -> Bool {
        byte == 0x09 || byte >= 0x20 && byte != 0x7F
    }

    /// RFC 9112, section 3.2.
    private static func isOfRequestTarget(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
    }
}

extension ByteBuffer {
    /// Writes a UUID as text in small letters.
    fileprivate mutating func writeLowercase(_ id: UUID) {
        withUnsafeBytes(of: id.uuid) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { writeInteger(UInt8(ascii: "-")) }
                writeInteger(UInt16(Self.hexDigit(byte >> 4)) << 8 | UInt16(Self.hexDigit(byte & 15)))
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
