import DeliveryTransport
import NIOCore
import TestSupport
import Testing
import WebhookModel

@Suite("Socket sender's failures", .timeLimit(.minutes(5)))
struct SocketSenderFailureTests {
    @Test("Fails without waiting when nobody listens")
    func refusedConnection() async throws {
        let port = try RefusingPort.take()
        // Alarms that never ring: whoever waits for one waits for ever.
        try await Receiver.with(.silence, schedule: ManualAlarms().schedule) { _, sender in
            let outcome = await sender.send(.sample(to: "http://127.0.0.1:\(port)/hook"))
            #expect(outcome.failureKind == .connection)
        }
    }

    @Test("Fails when the target does not answer in time, and hangs up")
    func noAnswer() async throws {
        let alarms = ManualAlarms()
        try await Receiver.with(.silence, schedule: alarms.schedule) { receiver, sender in
            async let sending = sender.send(.sample(to: receiver.url))
            try await receiver.requests.wait { $0.count == 1 }
            try await alarms.ring()
            let outcome = await sending
            #expect(outcome.failureKind == .timeout)
            #expect(outcome.summary.contains("delivery-timeout"))
            #expect(receiver.requests.value.count == 1)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Fails when the lines of an answer drip and do not end in time")
    func drippingHead() async throws {
        let answer = Receiver.Answer.poured(
            Array("HTTP/1.1 200 OK\r\n".utf8),
            Array("X: 1\r\n".utf8),
            every: .milliseconds(100)
        )
        try await Receiver.with(answer, timeout: .milliseconds(300)) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).failureKind == .timeout)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    /// The status has said what the target made of the notification.
    @Test(
        "Takes an answer whose body drips or stalls as it is when the time is over, and hangs up",
        arguments: [true, false]
    )
    func drippingBody(drips: Bool) async throws {
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf".utf8)
        let answer = drips ? Receiver.Answer.poured(head, [7], every: .milliseconds(20)) : .bytes(head)
        // Enough for a busy machine to bring the status. The whole body would take hours.
        try await Receiver.with(answer, timeout: .seconds(10)) { receiver, sender in
            let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
            #expect(answer.status == 200)
            #expect(answer.body.starts(with: Array("half".utf8)))
            #expect(answer.body.count < 65_536)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Takes an answer whose connection ends in its body as it is")
    func closedInBody() async throws {
        let bytes = Array("HTTP/1.1 503 Later\r\nContent-Length: 10\r\n\r\nhalf".utf8)
        try await Receiver.with(.bytesThenClose(bytes)) { receiver, sender in
            let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
            #expect(answer.statusLine == "HTTP/1.1 503 Later")
            #expect(answer.body == Array("half".utf8))
        }
    }

    @Test(
        "Fails when the target closes before the end of its answer's lines",
        arguments: ["", "HTTP/1.1 200 OK\r\nContent-"]
    )
    func closed(begin: String) async throws {
        try await Receiver.with(.bytesThenClose(Array(begin.utf8))) { receiver, sender in
            let kind = await sender.send(.sample(to: receiver.url)).failureKind
            #expect(kind == .connection || kind == .protocolViolation)
        }
    }

    @Test(
        "Fails when the answer is not HTTP",
        arguments: ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}"]
    )
    func garbage(answer: String) async throws {
        try await Receiver.with(.bytesThenClose(Array(answer.utf8))) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).failureKind == .protocolViolation)
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
        try await Receiver.with(.silence) { _, sender in
            let outcome = await sender.send(.sample(to: url))
            #expect(outcome.failureKind == .invalidURL, "\(outcome)")
        }
    }

    @Test("A header with a line break in it is not sent", arguments: ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\u{0}"])
    func headerInjection(value: String) async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var notification = WebhookNotification.sample(to: receiver.url)
            notification.headers = StringDictionary([.init(key: "X-Own", value: value)])
            let outcome = await sender.send(notification)
            for request in receiver.requests.value {
                #expect(request.header("x-evil") == nil)
                #expect(request.header("x-own")?.utf8.allSatisfy { $0 >= 0x20 } ?? true)
            }
            // Whoever looks for the cause must not look at the target's answer, which there was none of.
            #expect(outcome.failureKind != .protocolViolation, "\(outcome.summary)")
        }
    }

    @Test("Says that the service stopped when its task is cancelled, and hangs up")
    func cancelled() async throws {
        try await Receiver.with(.silence) { receiver, sender in
            let notification = WebhookNotification.sample(to: receiver.url)
            let sending = Task { await sender.send(notification) }
            try await receiver.requests.wait { $0.count == 1 }
            sending.cancel()
            #expect(await sending.value.failureKind == .shutdown)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Says that the service stopped when its task was cancelled before")
    func cancelledBefore() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let notification = WebhookNotification.sample(to: receiver.url)
            let sending = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await sender.send(notification)
            }
            #expect(await sending.value.failureKind == .shutdown)
            #expect(receiver.requests.value.isEmpty)
        }
    }
}
