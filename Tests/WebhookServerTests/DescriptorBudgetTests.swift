import AgentCore
import Foundation
import HTTPServing
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// How few file descriptors are shared out.
@Suite("Descriptor budget")
struct DescriptorBudgetTests {
    /// What all bounds come to at most.
    private static func sum(_ budget: DescriptorBudget) -> Int {
        budget.connections + ConnectionTable.Limits.headroom + 3 * (budget.deliveries + budget.tests)
            + budget.idleConnections
    }

    @Test("Where there are enough descriptors, everything has what it wants")
    func plenty() throws {
        let budget = try DescriptorBudget(limit: 20_000, deliveries: 512, idleConnections: 256)
        #expect(budget.deliveries == 512 && budget.idleConnections == 256)
        #expect(budget.connections == 8192 && budget.tests == 64)
        #expect(try DescriptorBudget(limit: .max, deliveries: 512, idleConnections: 256) == budget)
    }

    @Test(
        "With few descriptors each bound is lower, and together they leave what the rest needs",
        arguments: [256, 300, 512, 1024, 4096, 8192, 10_000]
    )
    func few(limit: Int) throws {
        for deliveries in [1, 512, 10_000] {
            let budget = try DescriptorBudget(limit: limit, deliveries: deliveries, idleConnections: 256)
            #expect(Self.sum(budget) <= limit - 160)
            #expect(budget.deliveries >= 1 && budget.deliveries <= deliveries)
            #expect(budget.idleConnections >= 1 && budget.tests >= 1 && budget.connections >= 16)
        }
    }

    @Test("Too few descriptors are an error of one line that says what is needed and what to do")
    func tooFew() throws {
        let error = try #require(throws: DescriptorBudget.TooFewError.self) {
            try DescriptorBudget(limit: 255, deliveries: 1, idleConnections: 1)
        }
        let text = error.description
        for part in ["255", "256", "RLIMIT_NOFILE", "ulimit -n", "LimitNOFILE="] { #expect(text.contains(part)) }
        #expect(!text.contains("\n"))
    }

    /// Holds what it is given until told.
    private final class HoldingSender: NotificationSender {
        private let held = Mutex<(now: Int, most: Int)>((0, 0))

        var most: Int { held.withLock { $0.most } }

        func send(_ notification: WebhookNotification) async -> SendOutcome {
            held.withLock { held in
                held.now += 1
                held.most = max(held.most, held.now)
            }
            for _ in 0..<20 { await Task.yield() }
            held.withLock { $0.now -= 1 }
            return .answered(TargetAnswer(status: 200, reason: notification.url, body: []))
        }
    }

    @Test("No more test events than the bound are in flight, and each is sent in its turn")
    func bounded() async {
        let holding = HoldingSender()
        let sender = BoundedSender(holding, limit: 3)
        let answered = await withTaskGroup(of: String.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let notification = Self.notification("\(number)")
                    guard case .answered(let answer) = await sender.send(notification) else { return "" }
                    return answer.reason
                }
            }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answered == Set((0..<100).map(String.init)))
        #expect(holding.most <= 3)
    }

    /// Answers at once, but for one target, which never does.
    private final class HangingSender: NotificationSender {
        private let held = Mutex(0)

        var count: Int { held.withLock { $0 } }

        func send(_ notification: WebhookNotification) async -> SendOutcome {
            guard notification.url.contains("hangs") else { return .answered(TargetAnswer(status: 200, reason: "OK")) }
            held.withLock { $0 += 1 }
            try? await Task.sleep(for: .seconds(3600))
            return .failed(SendError(.shutdown, "cancelled"))
        }
    }

    @Test("A target that hangs keeps no other's test events waiting")
    func hanging() async throws {
        let hanging = HangingSender()
        let sender = BoundedSender(hanging, limit: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { _ = await sender.send(Self.notification("http://hangs.example/")) } }
            try await eventually("Two test events are in flight to the target that hangs") { hanging.count == 2 }
            let answer = await sender.send(Self.notification("http://other.example/"))
            #expect(answer == .answered(TargetAnswer(status: 200, reason: "OK")))
            #expect(hanging.count == 2)
            group.cancelAll()
        }
    }

    private static func notification(_ url: String) -> WebhookNotification {
        WebhookNotification(
            url: url,
            headers: nil,
            secret: nil,
            event: "test",
            eventID: UUID(),
            retry: 0,
            isTest: true,
            body: []
        )
    }
}
