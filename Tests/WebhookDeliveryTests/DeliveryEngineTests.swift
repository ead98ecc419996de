import DeliveryTransport
import Foundation
import MemoryStorage
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Delivery engine", .timeLimit(.minutes(5)))
struct DeliveryEngineTests {
    @Test("An attempt's duration is the time that went by, though the machine's clock was set meanwhile")
    func duration() async throws {
        let gate = Gate()
        let rig = Rig { _ in await gate.pass() }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.sent(1)
            rig.clock.set(ahead: .seconds(86_400))
            rig.clock.advance(to: .seconds(2))
            gate.open()
            try await rig.recorded(1)
        }
        #expect(rig.queue.state.value.recorded.first?.result.attempt.duration == .seconds(2))
    }

    @Test("Delivers what is signalled, as it was taken in")
    func delivers() async throws {
        let rig = Rig { _ in .ok }
        let webhook = try await rig.addWebhook()
        try await rig.running { _ in
            try await rig.queue.state.wait { $0.claims > 0 }
            let event = try await rig.signal()
            try await rig.recorded(1)
            var expected = WebhookNotification(
                url: Rig.url,
                headers: webhook.headers,
                secret: "s3cret",
                event: "contact.created",
                eventID: event,
                retry: 0,
                isTest: false,
                body: Array("head-suffix-tail".utf8)
            )
            expected.signature = NotificationSigner().signature(of: expected.body, secret: "s3cret")
            #expect(rig.sender.calls.map(\.notification) == [expected])
        }
        #expect(rig.queue.state.value.recorded.map(\.counted) == [true])
        #expect(try await rig.queue.counts() == DeliveryCounts())
        #expect(try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope) == nil)
    }

    @Test("Finds work that was due before it started, without being told")
    func dueAtStart() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        try await rig.addWebhook()
        let events = [try await rig.signal(), try await rig.signal()]
        try await rig.running { _ in try await rig.recorded(2) }
        #expect(Set(rig.sender.calls.map(\.notification.eventID)) == Set(events))
    }

    @Test("Waits for work that is due later, without being told")
    func dueLater() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        try await rig.addWebhook()
        try await rig.signal(at: .milliseconds(2500))
        try await rig.running { _ in
            try await rig.clock.sleeper(until: .milliseconds(2500))
            #expect(rig.sender.calls.isEmpty)
            rig.clock.advance(to: .milliseconds(2500))
            try await rig.recorded(1)
        }
        #expect(rig.sender.calls.map(\.time) == [.milliseconds(2500)])
    }

    @Test("Repeats a failed attempt exactly 1 s and 4 s later, with the same event and body, and then gives up")
    func oneCycle() async throws {
        var rig = Rig { _ in .serverError }
        rig.policy.schedule = .cycles(delays: [.seconds(1), .seconds(4)], count: 1, pause: .seconds(10))
        let webhook = try await rig.addWebhook()
        let event = try await rig.signal()
        try await rig.running { _ in
            for (attempt, offset) in [Duration.zero, .seconds(1), .seconds(5)].enumerated() {
                if attempt > 0 { try await rig.clock.sleeper(until: offset) }
                rig.clock.advance(to: offset)
                try await rig.recorded(attempt + 1)
            }
        }
        let calls = rig.sender.calls
        #expect(calls.map(\.time) == [.zero, .seconds(1), .seconds(5)])
        #expect(calls.map(\.notification.retry) == [0, 1, 2])
        #expect(calls.allSatisfy { $0.notification.eventID == event })
        #expect(calls.allSatisfy { $0.notification.body == Array("head-suffix-tail".utf8) })
        #expect(try await rig.queue.counts() == DeliveryCounts(failed: 1))
        let error = try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope)
        #expect(error == "HTTP/1.1 500 Internal Server Error")
    }

    @Test("Stops repeating once an attempt succeeds")
    func successInBetween() async throws {
        let rig = Rig { $0 == 0 ? .serverError : .ok }
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.clock.sleeper(until: .seconds(1))
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(2)
        }
        #expect(rig.sender.calls.count == 2)
        #expect(try await rig.queue.counts() == DeliveryCounts())
        let error = try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope)
        #expect(error == "HTTP/1.1 500 Internal Server Error")
    }

    @Test("A repeated attempt goes where the webhook points by then, with the body of the event")
    func movedInBetween() async throws {
        let rig = Rig { $0 == 0 ? .serverError : .ok }
        var webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.clock.sleeper(until: .seconds(1))
            webhook.targetURL = "https://example.com/moved"
            webhook.secret = nil
            let save = WebhookSave(webhook, bodySuffix: Array("-new-".utf8))
            _ = try await rig.queue.store.update(save, in: Rig.scope)
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(2)
        }
        let last = try #require(rig.sender.calls.last?.notification)
        #expect(last.url == "https://example.com/moved")
        #expect(last.secret == nil)
        #expect(last.body == Array("head-suffix-tail".utf8))
    }

    /// What is due next must be looked at also in a turn that found something to send.
    @Test("What becomes due while something is in flight is not kept waiting until the next poll")
    func dueWhileInFlight() async throws {
        let gate = Gate()
        let rig = Rig(isSilent: true) { await $0 == 0 ? gate.pass() : .ok }
        try await rig.addWebhook()
        try await rig.signal(at: .seconds(1))
        try await rig.signal(at: .milliseconds(1300))
        try await rig.running { _ in
            try await rig.clock.sleeper(until: .seconds(1))
            rig.clock.advance(to: .seconds(1))
            try await rig.sent(1)
            let wake = try await rig.clock.nextWake(within: .seconds(7200))
            #expect(wake == .milliseconds(1300))
            gate.open()
            try await rig.recorded(1)
        }
    }

    @Test("What was delivered does not have the engine ask for others when none was left behind")
    func quietResults() async throws {
        let events = 50
        let gates = (0..<events).map { _ in Gate() }
        let rig = Rig { await gates[$0].pass() }
        try await rig.addWebhook()
        try await rig.running { _ in
            try await rig.queue.state.wait { $0.dueTimesAsked > 0 }
            for number in 0..<events {
                let asked = rig.queue.state.value.dueTimesAsked
                try await rig.signal()
                try await rig.sent(number + 1)
                // The engine asks when something is due next once a claim has said that nothing else is due.
                try await rig.queue.state.wait { $0.dueTimesAsked > asked }
                gates[number].open()
                try await rig.recorded(number + 1)
            }
        }
        // For each event one claim, and one that finds no other; results would make a third.
        #expect(rig.queue.state.value.claims < 2 * events + events / 2)
    }

    @Test("Puts every attempt on record, with what was sent and what was answered")
    func attempts() async throws {
        let gate = Gate()
        let answer = TargetAnswer(status: 503, reason: "Later", body: Array(repeating: 7, count: 5000))
        let rig = Rig { await $0 == 0 ? gate.pass(.answered(answer)) : .refused }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.sent(1)
            rig.clock.advance(to: .milliseconds(1500))
            gate.open()
            try await rig.recorded(1)
            try await rig.clock.sleeper(until: .milliseconds(2500))
            rig.clock.advance(to: .milliseconds(2500))
            try await rig.recorded(2)
        }
        let record = try #require(try await rig.queue.store.deliveries(matching: .init(), after: nil, limit: 10).first)
        let detail = try #require(try await rig.queue.store.delivery(record.id))
        let signature = NotificationSigner().signature(of: detail.body, secret: "s3cret")
        let expected = [
            Attempt(
                url: Rig.url,
                ownHeaders: ["X-Own"],
                started: ManualClock.start,
                duration: .milliseconds(1500),
                retry: 0,
                status: 503,
                errorClass: nil,
                summary: "HTTP/1.1 503 Later",
                signature: signature,
                answer: Array(repeating: 7, count: Attempt.answerBytes)
            ),
            Attempt(
                url: Rig.url,
                ownHeaders: ["X-Own"],
                started: ManualClock.start.advanced(by: .milliseconds(2500)),
                duration: .zero,
                retry: 1,
                status: nil,
                errorClass: "connection",
                summary: "The target could not be reached.",
                signature: signature,
                answer: []
            ),
        ]
        #expect(detail.attempts == expected)
    }
}
