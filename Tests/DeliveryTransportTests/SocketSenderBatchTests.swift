import DeliveryTransport
import TestSupport
import Testing
import WebhookModel

@Suite("Socket sender that sends several notifications together", .timeLimit(.minutes(5)))
struct SocketSenderBatchTests {
    /// Notifications that differ in how often they were tried.
    private static func notifications(_ count: Int, to url: String) -> [WebhookNotification] {
        (0..<count).map { number in
            var notification = WebhookNotification.sample(to: url)
            notification.retry = number
            return notification
        }
    }

    @Test("Each notification gets its outcome once, whatever becomes of the others")
    func outcomes() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var notifications = Self.notifications(20, to: receiver.url)
            notifications[3].url = "no URL"
            notifications[7].url = "http://127.0.0.1:\(try RefusingPort.take())/"
            let outcomes = Watched<[Int: [SendOutcome]]>([:])
            await sender.send(notifications) { index, outcome in
                outcomes.update { $0[index, default: []].append(outcome) }
            }
            let received = outcomes.value
            #expect(received.count == 20)
            #expect(received.filter { $0.value.count == 1 }.count == 20)
            #expect(received[3]?.first?.failureKind == .invalidURL)
            #expect(received[7]?.first?.failureKind == .connection)
            #expect(received.filter { $0.value.first?.answer?.status == 200 }.count == 18)
            let retries = receiver.requests.value.compactMap { $0.header("x-superoffice-retry") }.compactMap { Int($0) }
            #expect(retries.sorted() == (0..<20).filter { $0 != 3 && $0 != 7 })
        }
    }

    @Test("Returns at once when there is nothing to send")
    func nothing() async throws {
        try await Receiver.with(.silence) { _, sender in
            await sender.send([]) { _, _ in Issue.record("there is no outcome of nothing") }
        }
    }

    @Test("A notification's outcome does not wait for those that were sent with it")
    func oneHangs() async throws {
        try await Receiver.with(.inTurn([.silence, .http("HTTP/1.1 200 OK")])) { receiver, sender in
            let outcomes = Watched<[SendOutcome]>([])
            let notifications = Self.notifications(3, to: receiver.url)
            let sending = Task {
                await sender.send(notifications) { _, outcome in outcomes.update { $0.append(outcome) } }
            }
            try await outcomes.wait { $0.count == 2 }
            #expect(outcomes.value.map(\.summary) == ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"])
            sending.cancel()
            await sending.value
            #expect(outcomes.value.map(\.failureKind) == [nil, nil, .shutdown])
        }
    }

    @Test("Notifications whose task is cancelled are cut off, and their outcomes say so")
    func cancelled() async throws {
        try await Receiver.with(.silence) { receiver, sender in
            let outcomes = Watched<[SendOutcome]>([])
            let notifications = Self.notifications(3, to: receiver.url)
            let sending = Task {
                await sender.send(notifications) { _, outcome in outcomes.update { $0.append(outcome) } }
            }
            try await receiver.requests.wait { $0.count == 3 }
            sending.cancel()
            await sending.value
            #expect(outcomes.value.map(\.failureKind) == [.shutdown, .shutdown, .shutdown])
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Nothing is sent for a task that was cancelled before")
    func cancelledBefore() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            let outcomes = Watched<[SendOutcome]>([])
            let notifications = Self.notifications(3, to: receiver.url)
            let sending = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await sender.send(notifications) { _, outcome in outcomes.update { $0.append(outcome) } }
            }
            await sending.value
            #expect(outcomes.value.map(\.failureKind) == [.shutdown, .shutdown, .shutdown])
            #expect(receiver.requests.value.isEmpty)
        }
    }
}
