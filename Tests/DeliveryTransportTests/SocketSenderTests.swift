import DeliveryTransport
import Foundation
import NIOCore
import TestSupport
import Testing
import WebhookModel

@Suite("Socket sender", .timeLimit(.minutes(5)))
struct SocketSenderTests {
    @Test("Posts the exact bytes with the documented headers")
    func request() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let notification = WebhookNotification.sample(to: receiver.url + "/a%20b?x=1&y=%C3%A4")
            #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
            let request = try #require(receiver.requests.value.first)
            #expect(receiver.requests.value.count == 1)
            #expect(request.requestLine == "POST /hook/a%20b?x=1&y=%C3%A4 HTTP/1.1")
            #expect(request.body == notification.body)
            #expect(
                request.headers.map { "\($0.name.lowercased()): \($0.value)" }.sorted() == [
                    "content-length: \(notification.body.count)",
                    "content-type: application/json; charset=utf-8",
                    "host: 127.0.0.1:\(receiver.port)",
                    "user-agent: NetServer-Webhook/1.2.3",
                    "x-own: own value",
                    "x-superoffice-event: contact.created",
                    "x-superoffice-eventid: abcdef01-0203-0405-0607-08090a0b0c0d",
                    "x-superoffice-retry: 2",
                ]
            )
        }
    }

    @Test("Posts an empty body")
    func emptyBody() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var empty = WebhookNotification.sample(to: receiver.url)
            empty.body = []
            #expect(await sender.send(empty).summary == "HTTP/1.1 200 OK")
            let request = try #require(receiver.requests.value.first)
            #expect(request.header("content-length") == "0")
            #expect(request.body.isEmpty)
        }
    }

    @Test("Posts a large body")
    func largeBody() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var large = WebhookNotification.sample(to: receiver.url)
            large.body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            #expect(await sender.send(large).summary == "HTTP/1.1 200 OK")
            #expect(receiver.requests.value.first?.body == large.body)
        }
    }

    @Test("Sends what the URL holds of user and password, unless the webhook has a header for that")
    func credentials() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var notification = WebhookNotification.sample(to: "http://user:p%20w@127.0.0.1:\(receiver.port)/hook")
            #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
            notification.headers = StringDictionary([.init(key: "authorization", value: "Bearer own")])
            #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
            let values = receiver.requests.value.map { request in
                request.headers.filter { $0.name.lowercased() == "authorization" }.map(\.value)
            }
            #expect(values == [["Basic " + Data("user:p w".utf8).base64EncodedString()], ["Bearer own"]])
            #expect(receiver.requests.value.allSatisfy { $0.requestLine == "POST /hook HTTP/1.1" })
        }
    }

    @Test("Returns status, headers and body of the answer")
    func answer() async throws {
        let head = "HTTP/1.1 599 In Its Own Words\r\nX-A: 1\r\nx-b: b\r\nX-A: 2"
        try await Receiver.with(.http(head, [0, 255, 10])) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            let expected = TargetAnswer(
                status: 599,
                reason: "In Its Own Words",
                headers: [
                    .init(key: "X-A", value: "1"), .init(key: "x-b", value: "b"), .init(key: "X-A", value: "2"),
                    .init(key: "Content-Length", value: "3"),
                ],
                body: [0, 255, 10]
            )
            #expect(outcome == .answered(expected))
        }
    }

    @Test("Returns an answer whose end is the connection's")
    func answerWithoutLength() async throws {
        let bytes = Array("HTTP/1.0 200 OK\r\n\r\nall of it".utf8)
        try await Receiver.with(.bytesThenClose(bytes)) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            let expected = TargetAnswer(status: 200, reason: "OK", body: Array("all of it".utf8))
            #expect(outcome == .answered(expected))
        }
    }

    @Test("Returns an answer in chunks as the bytes that they hold")
    func chunkedAnswer() async throws {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let bytes = Array((head + "3\r\nall\r\n6;x=y\r\n of it\r\n0\r\nX-Trailer: 1\r\n\r\n").utf8)
        try await Receiver.with(.bytes(bytes)) { receiver, sender in
            for _ in 0..<2 {
                let outcome = await sender.send(.sample(to: receiver.url))
                #expect(outcome.answer?.body == Array("all of it".utf8))
            }
        }
    }

    @Test("Waits for the answer after an interim one")
    func interimAnswer() async throws {
        let bytes = Array("HTTP/1.1 103 Early\r\nX: 1\r\n\r\nHTTP/1.1 204 None\r\n\r\n".utf8)
        try await Receiver.with(.bytes(bytes)) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).summary == "HTTP/1.1 204 None")
        }
    }

    @Test("Does not follow a redirect, and says so and where it points", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let place = "https://user:pw@other.test:8443/hook?key=1"
        try await Receiver.with(.http("HTTP/1.1 \(status) Elsewhere\r\nlocation: \(place)")) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.answer?.status == status)
            let line =
                "HTTP/1.1 \(status) Elsewhere (redirects are not followed; this one points to https://other.test:8443/hook)"
            #expect(outcome.summary == line)
            #expect(outcome.lastError == line + "\nlocation: \(place)\nContent-Length: 0")
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Says of a redirect to nowhere that redirects are not followed")
    func redirectToNowhere() async throws {
        try await Receiver.with(.http("HTTP/1.1 301 Elsewhere")) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.summary == "HTTP/1.1 301 Elsewhere (redirects are not followed)")
        }
    }

    @Test("Shows the beginning of a long place that a redirect points to")
    func redirectFarAway() async throws {
        let head = "HTTP/1.1 302 Found\r\nLocation: /" + String(repeating: "a", count: 5000) + "@b"
        try await Receiver.with(.http(head)) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.summary.hasSuffix("points to /" + String(repeating: "a", count: 199) + ")"))
        }
    }

    @Test("Keeps the first 64 KiB of an answer", arguments: [65_535, 65_536, 65_537, 1_000_000])
    func longAnswer(length: Int) async throws {
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try await Receiver.with(.http("HTTP/1.1 200 OK", body)) { receiver, sender in
            for _ in 0..<2 {
                let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
                #expect(answer.body == Array(body.prefix(65_536)))
            }
        }
    }

    @Test("Takes 64 KiB of an answer without end, and hangs up")
    func endlessAnswer() async throws {
        let answer = Receiver.Answer.poured(
            Array("HTTP/1.1 200 OK\r\n\r\n".utf8),
            Array(repeating: 7, count: 10_000),
            every: .nanoseconds(0)
        )
        try await Receiver.with(answer) { receiver, sender in
            let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
            #expect(answer.status == 200)
            #expect(answer.body == Array(repeating: 7, count: 65_536))
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Posts many at once")
    func manyAtOnce() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let notification = WebhookNotification.sample(to: receiver.url)
            let delivered = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 {
                    group.addTask { await sender.send(notification).summary == "HTTP/1.1 200 OK" }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(delivered == 200)
            #expect(receiver.requests.value.count == 200)
        }
    }
}
