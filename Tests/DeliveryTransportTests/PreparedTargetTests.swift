import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NameResolution
import Networking
import TestSupport
import Testing
import WebhookModel

@testable import DeliveryTransport

/// The bytes of requests, held against those of SwiftNIO's encoder for the same headers.
@Suite("Prepared target")
struct PreparedTargetTests {
    private static let request = NotificationRequest(version: "1.2.3")

    private static let urls = [
        "http://target.test", "http://target.test/", "http://target.test:8080/a%20b?x=1&y=%C3%A4",
        "https://target.test/hook", "https://target.test:80/hook?", "http://user:p%20w@target.test/hook",
        "https://key@target.test/?a=b?c#d", "http://10.0.0.1:65535/a;b=c/d", "http://[2606:4700::1111]/a",
        "http://[2606:4700::1111]:81/", "http://TARGET.test/\u{FC}/\u{1F511}?\u{E9}",
        "http://m\u{FC}ller.test/{}|^`\"<>",
    ]

    private static let ownHeaders: [[StringDictionary.Entry]] = [
        [], [.init(key: "X-Own", value: "own value")],
        [.init(key: "User-Agent", value: "Mine/1"), .init(key: "X-After", value: "1")],
        [
            .init(key: "authorization", value: "Bearer own"), .init(key: "X-Empty", value: ""),
            .init(key: "X-Null", value: nil),
        ],
        [
            .init(key: "X-Own", value: "first"), .init(key: "x-own", value: "second"),
            .init(key: "X-\u{E9}", value: "lost"),
        ],
        [.init(key: "X-SuperOffice-Event", value: "forged"), .init(key: "Host", value: "forged")],
        [.init(key: "Proxy-Authorization", value: "forged"), .init(key: "X-Hook-Test", value: "forged")],
        [.init(key: "x-Mixed", value: "Gr\u{F6}\u{DF}e \u{2713}"), .init(key: "X-Line", value: "a\r\nX-Evil: 1")],
    ]

    private static func route(proxy: String?) throws -> TargetRoute {
        let settings = SocketSender.Settings(proxy: proxy.flatMap { TargetURL($0) })
        return try TargetRoute(settings: settings, resolver: SystemResolver())
    }

    /// What SwiftNIO writes for the documented headers, one after the other.
    private static func encoded(_ notification: WebhookNotification, _ route: TargetRoute) throws -> [UInt8] {
        let target = try TargetURL(parsing: notification.url)
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: route.requestTarget(for: target))
        head.headers = request.headers(of: notification)
        if let authorization = target.basicAuthorization, !head.headers.contains(name: "Authorization") {
            head.headers.add(name: "Authorization", value: authorization)
        }
        if let authorization = route.proxyAuthorization(for: target) {
            head.headers.add(name: "Proxy-Authorization", value: authorization)
        }
        head.headers.add(name: "Host", value: target.hostHeader)
        head.headers.add(name: "Content-Length", value: String(notification.body.count))
        let channel = EmbeddedChannel(handlers: [HTTPRequestEncoder(), NIOHTTPRequestHeadersValidator()])
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        try channel.writeOutbound(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: notification.body))))
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        var bytes: [UInt8] = []
        while let part = try channel.readOutbound(as: IOData.self) {
            guard case .byteBuffer(let part) = part else { continue }
            bytes += part.readableBytesView
        }
        _ = try? channel.finish()
        return bytes
    }

    private static func written(_ notification: WebhookNotification, _ targets: PreparedTargets) throws -> [UInt8] {
        let target = try targets.target(of: notification)
        #expect(target.isSendable)
        let buffer = target.request(carrying: notification, signature: request.signature(of: notification))
        return Array(buffer.readableBytesView)
    }

    @Test(
        "A request has the bytes that SwiftNIO writes for its headers",
        arguments: [nil, "http://proxy.test:3128", "http://user:password@proxy.test:3128"]
    )
    func bytes(proxy: String?) throws {
        let route = try Self.route(proxy: proxy)
        let targets = PreparedTargets(request: Self.request, route: route)
        for url in Self.urls {
            for own in Self.ownHeaders {
                for (number, event) in ["contact.created", "kontakt.ge\u{E4}ndert\r\n", ""].enumerated() {
                    var notification = WebhookNotification.sample(to: url)
                    notification.headers = own.isEmpty && number == 0 ? nil : StringDictionary(own)
                    notification.event = event
                    notification.eventID = UUID()
                    notification.retry = number * 7
                    notification.isTest = number == 1
                    notification.secret = number == 2 ? nil : "Schl\u{FC}ssel"
                    if number == 1 { notification.body = [] }
                    #expect(try Self.written(notification, targets) == Self.encoded(notification, route))
                }
            }
        }
    }

    @Test("Texts that only look the same are sent with their own bytes")
    func lookalikes() throws {
        let targets = PreparedTargets(request: Self.request, route: try Self.route(proxy: nil))
        for value in ["\u{E9}", "e\u{301}", "K", "\u{212A}"] {
            var notification = WebhookNotification.sample(to: "http://target.test/?" + value)
            notification.headers = StringDictionary([.init(key: "X-Own", value: value)])
            let bytes = try Self.written(notification, targets)
            #expect(bytes.firstRange(of: Array("X-Own: \(value)\r\n".utf8)) != nil)
        }
    }

    @Test("More webhooks than are kept are each sent to with their own headers")
    func manyWebhooks() throws {
        let targets = PreparedTargets(request: Self.request, route: try Self.route(proxy: nil))
        for number in (0..<1500).map({ $0 }) + [0, 1, 1499] {
            var notification = WebhookNotification.sample(to: "http://target.test/\(number)")
            notification.headers = StringDictionary([.init(key: "X-Number", value: "\(number)")])
            let bytes = try Self.written(notification, targets)
            #expect(bytes.starts(with: Array("POST /\(number) HTTP/1.1\r\n".utf8)))
            #expect(bytes.firstRange(of: Array("X-Number: \(number)\r\n".utf8)) != nil)
        }
    }

    @Test(
        "A header whose name HTTP does not allow fails as the URL's or a header's fault",
        arguments: ["X(y)", "X/y", "X{y}", "X\"y"]
    )
    func unsendableHeader(name: String) async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var notification = WebhookNotification.sample(to: receiver.url)
            notification.headers = StringDictionary([.init(key: name, value: "1")])
            let outcome = await sender.send(notification)
            #expect(outcome.failureKind == .invalidURL)
            #expect(outcome.summary == "The target's URL or headers hold characters that HTTP does not allow.")
            #expect(receiver.requests.value.isEmpty)
        }
    }
}
