import AgentCore
import Foundation
import Testing
import WebhookDelivery

@Suite("Notification sender", .timeLimit(.minutes(1)))
struct NotificationSenderTests {
    private func makeNotification(to url: String) -> WebhookNotification {
        WebhookNotification(
            url: url,
            headers: StringDictionary([.init(key: "X-Own", value: "own value"), .init(key: "Host", value: "forged")]),
            secret: nil,
            event: "contact.created",
            eventID: UUID(uuid: (0xAB, 0xCD, 0xEF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)),
            retry: 2,
            isTest: false,
            body: Array("{\"WebhookName\":\"Gr\u{F6}\u{DF}e\r\n\"}".utf8) + [0, 255]
        )
    }

    /// What kind of failure a send ended with; nil when there was an answer.
    private func failureKind(_ outcome: SendOutcome) -> SendFailure.Kind? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure.kind
    }

    @Test("Posts the exact bytes with the documented headers")
    func request() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let notification = makeNotification(to: receiver.url + "/a%20b?x=1&y=%C3%A4")
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
            var empty = makeNotification(to: receiver.url)
            empty.body = []
            #expect(await sender.send(empty).summary == "HTTP/1.1 200 OK")
            let request = try #require(receiver.requests.value.first)
            #expect(request.header("content-length") == "0")
            #expect(request.body.isEmpty)
        }
    }

    @Test("Returns status, headers and body of the answer")
    func answer() async throws {
        let head = "HTTP/1.1 599 In Its Own Words\r\nX-A: 1\r\nx-b: b\r\nX-A: 2"
        try await Receiver.with(.http(head, [0, 255, 10])) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: receiver.url))
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
            let outcome = await sender.send(makeNotification(to: receiver.url))
            let expected = TargetAnswer(status: 200, reason: "OK", body: Array("all of it".utf8))
            #expect(outcome == .answered(expected))
        }
    }

    @Test("Does not follow a redirect", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        try await Receiver.with(.http("HTTP/1.1 \(status) Elsewhere\r\nLocation: /elsewhere")) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: receiver.url))
            guard case .answered(let answer) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(answer.status == status)
            #expect(answer.headers.contains(.init(key: "Location", value: "/elsewhere")))
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Keeps the first 64 KiB of an answer", arguments: [65_535, 65_536, 65_537, 1_000_000])
    func longAnswer(length: Int) async throws {
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try await Receiver.with(.http("HTTP/1.1 200 OK", body)) { receiver, sender in
            for _ in 0..<2 {
                guard case .answered(let answer) = await sender.send(makeNotification(to: receiver.url)) else {
                    Issue.record("no answer")
                    return
                }
                #expect(answer.body == Array(body.prefix(65_536)))
            }
        }
    }

    @Test("Posts many at once")
    func manyAtOnce() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let notification = makeNotification(to: receiver.url)
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

    // MARK: Failures

    @Test("Fails without waiting when nobody listens")
    func refusedConnection() async throws {
        let port = try await Receiver.freePort()
        try await Receiver.with(.silence) { _, sender in
            let clock = ContinuousClock()
            let begin = clock.now
            let outcome = await sender.send(makeNotification(to: "http://127.0.0.1:\(port)/hook"))
            #expect(failureKind(outcome) == .connection)
            // The retry policy is what repeats; each second spent here is added to its first wait.
            #expect(clock.now - begin < .seconds(5))
        }
    }

    @Test("Fails when the target does not answer in time")
    func noAnswer() async throws {
        try await Receiver.with(.silence, timeout: .milliseconds(200)) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: receiver.url))
            #expect(failureKind(outcome) == .timeout)
            #expect(outcome.summary.contains("delivery-timeout"))
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Fails when the target begins an answer and does not end it in time")
    func unfinishedAnswer() async throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".utf8)
        try await Receiver.with(.bytes(bytes), timeout: .milliseconds(200)) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: receiver.url))
            #expect(failureKind(outcome) == .timeout)
        }
    }

    @Test("Fails when the target closes before the end of its answer", arguments: ["", "HTTP/1.1 200 OK\r\nContent-"])
    func closed(begin: String) async throws {
        try await Receiver.with(.bytesThenClose(Array(begin.utf8)), timeout: .seconds(5)) { receiver, sender in
            let kind = failureKind(await sender.send(makeNotification(to: receiver.url)))
            #expect(kind == .connection || kind == .protocolViolation)
        }
    }

    @Test("Fails when the target closes in the middle of a body")
    func closedInBody() async throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".utf8)
        try await Receiver.with(.bytesThenClose(bytes), timeout: .seconds(5)) { receiver, sender in
            let kind = failureKind(await sender.send(makeNotification(to: receiver.url)))
            #expect(kind == .connection || kind == .protocolViolation)
        }
    }

    @Test(
        "Fails when the answer is not HTTP",
        arguments: ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}"]
    )
    func garbage(answer: String) async throws {
        try await Receiver.with(.bytesThenClose(Array(answer.utf8)), timeout: .seconds(5)) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: receiver.url))
            #expect(failureKind(outcome) == .protocolViolation)
        }
    }

    @Test("Fails when an https target speaks no TLS")
    func noTLS() async throws {
        let answer = Receiver.Answer.bytesThenClose(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        try await Receiver.with(answer, timeout: .seconds(5)) { receiver, sender in
            let outcome = await sender.send(makeNotification(to: "https://127.0.0.1:\(receiver.port)/hook"))
            guard case .failed = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(receiver.requests.value.isEmpty)
        }
    }

    @Test(
        "Fails when the target is no URL that can be posted to",
        arguments: [
            "", " ", "not a url", "/relative", "example.com/hook", "http://", "http:///path", "http://[::1/hook",
            "mailto:a@example.com", "ftp://127.0.0.1/hook", "unix:/tmp/absent.sock",
            "http+unix://%2Ftmp%2Fabsent.sock/hook",
        ]
    )
    func invalidURL(url: String) async throws {
        try await Receiver.with(.silence, timeout: .seconds(2)) { _, sender in
            let outcome = await sender.send(makeNotification(to: url))
            #expect(failureKind(outcome) == .invalidURL, "\(outcome)")
        }
    }

    @Test("A header with a line break in it is not sent", arguments: ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\u{0}"])
    func headerInjection(value: String) async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK"), timeout: .seconds(5)) { receiver, sender in
            var notification = makeNotification(to: receiver.url)
            notification.headers = StringDictionary([.init(key: "X-Own", value: value)])
            _ = await sender.send(notification)
            for request in receiver.requests.value {
                #expect(request.header("x-evil") == nil)
                #expect(request.header("x-own")?.utf8.allSatisfy { $0 >= 0x20 } ?? true)
            }
        }
    }

    @Test("Says that the service stopped when its task is cancelled")
    func cancelled() async throws {
        try await Receiver.with(.silence) { receiver, sender in
            let notification = makeNotification(to: receiver.url)
            let sending = Task { await sender.send(notification) }
            try await receiver.requests.wait { $0.count == 1 }
            sending.cancel()
            #expect(failureKind(await sending.value) == .shutdown)
        }
    }
}
