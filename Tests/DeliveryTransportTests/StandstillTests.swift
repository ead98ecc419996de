import DeliveryTransport
import Foundation
import NIOCore
import TestSupport
import Testing
import WebhookModel

/// What becomes of notifications when this process stands still, by a clock that jumps and alarms that ring when told.
@Suite("Standstills of the sender", .timeLimit(.minutes(10)))
struct StandstillTests {
    private let start = ContinuousClock.now
    private let jump = Watched(Duration.zero)
    private let alarms = ManualAlarms()

    private var time: @Sendable () -> ContinuousClock.Instant {
        { [start, jump] in start + jump.value }
    }

    private func standStill(_ duration: Duration = .seconds(58)) {
        jump.update { $0 += duration }
    }

    /// Stands still once the receiver has got its first notification.
    private func standStill(_ duration: Duration = .seconds(58), after receiver: Receiver) async throws {
        try await receiver.requests.wait { $0.count == 1 }
        standStill(duration)
    }

    @Test("A notification that is out of time after a standstill is this service's own failure")
    func timeout() async throws {
        try await Receiver.with(.silence, schedule: alarms.schedule, time: time) { receiver, sender in
            async let sending = sender.send(.sample(to: receiver.url))
            try await standStill(after: receiver)
            for _ in 0..<2 { try await alarms.ring() }
            let outcome = await sending
            #expect(outcome.failureKind == .local)
            #expect(outcome.summary.contains("stood still for 5"), "\(outcome.summary)")
        }
    }

    @Test("A connection that ends after a standstill is this service's own failure")
    func endedConnection() async throws {
        try await Receiver.with(.silence, time: time) { receiver, sender in
            async let sending = sender.send(.sample(to: receiver.url))
            try await standStill(after: receiver)
            try await receiver.closeConnections()
            #expect(await sending.failureKind == .local)
        }
    }

    @Test("A silent TLS handshake after a standstill is this service's own failure")
    func handshake() async throws {
        try await Receiver.with(.silence, schedule: alarms.schedule, time: time) { receiver, sender in
            async let sending = sender.send(.sample(to: "https://127.0.0.1:\(receiver.port)/hook"))
            // The handshake has begun.
            try await receiver.connections.wait { $0.bytes > 0 }
            standStill()
            for _ in 0..<2 { try await alarms.ring() }
            #expect(await sending.failureKind == .local)
        }
    }

    @Test("An answer that came during a standstill counts")
    func answered() async throws {
        // It ends with its connection.
        let answer = Receiver.Answer.bytes(Array("HTTP/1.1 503 Later\r\n\r\n".utf8))
        try await Receiver.with(answer, schedule: alarms.schedule, time: time) { receiver, sender in
            async let sending = sender.send(.sample(to: receiver.url))
            try await standStill(after: receiver)
            try await alarms.ring()
            #expect(alarms.waiting.value.map(\.amount) == [.seconds(1)])
            try await receiver.closeConnections()
            #expect(await sending.summary == "HTTP/1.1 503 Later")
        }
    }

    @Test("A standstill is over for the notifications after it")
    func after() async throws {
        try await Receiver.with(.silence, schedule: alarms.schedule, time: time) { receiver, sender in
            async let first = sender.send(.sample(to: receiver.url))
            try await standStill(after: receiver)
            for _ in 0..<2 { try await alarms.ring() }
            #expect(await first.failureKind == .local)
            async let second = sender.send(.sample(to: receiver.url))
            try await receiver.requests.wait { $0.count == 2 }
            try await alarms.ring()
            #expect(await second.failureKind == .timeout)
        }
    }

    @Test("A busy machine's delay of a second is no standstill")
    func delay() async throws {
        try await Receiver.with(.silence, schedule: alarms.schedule, time: time) { receiver, sender in
            async let sending = sender.send(.sample(to: receiver.url))
            try await standStill(.seconds(1), after: receiver)
            try await alarms.ring()
            #expect(await sending.failureKind == .timeout)
        }
    }

    @Test("A connection that was idle through a standstill is not used again")
    func idle() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK"), time: time) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).summary == "HTTP/1.1 200 OK")
            standStill(.seconds(10))
            for _ in 0..<2 { #expect(await sender.send(.sample(to: receiver.url)).summary == "HTTP/1.1 200 OK") }
            #expect(receiver.connections.value.opened.count == 2)
        }
    }

    /// In a process of its own, which a child stops and continues.
    @Test("A stopped and continued process does not blame the targets of 200 notifications on their way")
    func stoppedProcess() async {
        await #expect(processExitsWith: .success) {
            let alarms = ManualAlarms()
            let time: @Sendable () -> ContinuousClock.Instant = { .now }
            try await Receiver.with(.silence, schedule: alarms.schedule, time: time) { receiver, sender in
                let kinds = try await withThrowingTaskGroup(of: SendError.Kind?.self) { group in
                    for _ in 0..<200 { group.addTask { await sender.send(.sample(to: receiver.url)).failureKind } }
                    try await receiver.requests.wait { $0.count == 200 }
                    let id = ProcessInfo.processInfo.processIdentifier
                    let commands = "kill -STOP \(id); sleep 5; kill -CONT \(id)"
                    #expect(try await Program.run("/bin/sh", ["-c", commands]) == 0)
                    // Each alarm rings once more: the answer may have come meanwhile.
                    for _ in 0..<400 { try await alarms.ring() }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(kinds.count == 200)
                #expect(kinds.allSatisfy { $0 == .local }, "\(Set(kinds))")
            }
        }
    }
}
