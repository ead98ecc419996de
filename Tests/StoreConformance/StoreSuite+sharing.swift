import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let sharing = [
        StoreCase("A webhook that is paused is left alone until then", run: pause),
        StoreCase("A success ends a pause", run: successEndsPause),
        StoreCase("A webhook that becomes Active is not paused any more", run: activeEndsPause),
        StoreCase("A claim takes no more than a target has room for", run: roomPerTarget),
        StoreCase("A target whose last attempt failed has less room", run: roomPerFailingTarget),
        StoreCase("Webhooks that lead to one host and port share its room", run: roomSharedByTarget),
        StoreCase("Webhooks that lead to one host and port are paused together", run: pauseSharedByTarget),
        StoreCase("A webhook with much to deliver does not keep another from a claim", run: busyAndQuiet),
        StoreCase("A claim is shared among those who wait", run: fairShares),
        StoreCase("Of more webhooks than a claim takes those that have waited longest come first", run: longestWait),
    ]

    /// A webhook of its own for each name, each with a target of its own.
    private static func addWebhooks(_ names: String..., to store: any AgentStore) async throws -> [Webhook] {
        var webhooks: [Webhook] = []
        for name in names {
            var webhook = Sample.webhook(name, events: [name])
            webhook.targetURL = "https://\(name).example.com/hook"
            webhooks.append(try await store.add(webhook))
        }
        return webhooks
    }

    private static func signal(_ count: Int, _ name: String, to store: any AgentStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let count = try await store.signal(Sample.event(name))
                    #expect(count == 1)
                }
            }
            try await group.waitForAll()
        }
    }

    private static func count(_ claimed: [ClaimedDelivery], _ webhook: Webhook) -> Int {
        claimed.count { $0.id.webhook == webhook.id }
    }

    // MARK: Pauses

    private static func pauseDecision(_ end: Duration) -> Scripted {
        .retry(at: Sample.after(.seconds(1)), error: "no", pauseUntil: Sample.after(end))
    }

    private static func pause(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("paused", "other", to: store)
        try await signal(2, "paused", to: store)
        let delivery = try #require(try await store.take(1).first)
        #expect(try await store.settle(delivery, pauseDecision(.seconds(30))))
        #expect(try await store.nextDue() == Sample.after(.seconds(30)))
        try await signal(1, "other", to: store)
        #expect(try await store.nextDue() == Sample.start)
        let now = Sample.after(.seconds(30)).advanced(by: .nanoseconds(-100))
        let claimed = try await store.take(at: now)
        #expect(claimed.map(\.id.webhook) == [webhooks[1].id])
        #expect(try await store.settle(claimed[0], .delivered))
        #expect(try await store.nextDue() == Sample.after(.seconds(30)))
        #expect(try await store.take(at: Sample.after(.seconds(30))).count == 2)
    }

    private static func successEndsPause(_ store: any AgentStore) async throws {
        _ = try await addWebhooks("paused", to: store)
        try await signal(3, "paused", to: store)
        let claimed = try await store.take(2)
        #expect(try await store.settle(claimed[0], pauseDecision(.seconds(30))))
        #expect(try await store.take(at: Sample.after(.seconds(2))).isEmpty)
        #expect(try await store.settle(claimed[1], .delivered))
        #expect(try await store.nextDue() == Sample.start)
        #expect(try await store.take(at: Sample.after(.seconds(2))).count == 2)
    }

    private static func activeEndsPause(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("paused", to: store)
        try await signal(2, "paused", to: store)
        let claimed = try await store.take(1)
        #expect(try await store.settle(claimed[0], pauseDecision(.seconds(1000))))
        try await store.put(webhooks[0], .stopped)
        try await store.put(webhooks[0], .active, at: Sample.after(.seconds(5)))
        #expect(try await store.take(at: Sample.after(.seconds(5))).count == 2)
    }

    // MARK: Room

    private static func target(_ webhook: Webhook) -> String {
        Webhook.target(of: webhook.targetURL ?? "")
    }

    private static func roomPerTarget(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("full", "half", "empty", to: store)
        for name in ["full", "half", "empty"] { try await signal(5, name, to: store) }
        var limits = ClaimLimits(total: 100, perTarget: 4, inFlight: [target(webhooks[0]): 4, target(webhooks[1]): 2])
        let first = try await store.take(limits)
        #expect(webhooks.map { count(first, $0) } == [0, 2, 4])
        limits.inFlight = [target(webhooks[0]): 9, target(webhooks[1]): 4, target(webhooks[2]): 3]
        let second = try await store.take(limits)
        #expect(webhooks.map { count(second, $0) } == [0, 0, 1])
        limits.inFlight = [:]
        let rest = try await store.take(limits)
        #expect(webhooks.map { count(rest, $0) } == [4, 3, 0])
    }

    /// Webhooks with paths of their own at one target.
    private static func addNeighbours(_ count: Int, to store: any AgentStore) async throws {
        for number in 0..<count {
            var webhook = Sample.webhook("\(number)", events: ["near"])
            webhook.targetURL =
                ["https://Near.example.com/", "https://near.example.com:443/"][number % 2] + "\(number)"
            _ = try await store.add(webhook)
        }
    }

    private static func roomSharedByTarget(_ store: any AgentStore) async throws {
        try await addNeighbours(10, to: store)
        for _ in 0..<5 { try await store.signal(Sample.event("near")) }
        var limits = ClaimLimits(total: 100, perTarget: 4)
        #expect(try await store.take(limits).count == 4)
        limits.inFlight = [Webhook.target(of: "https://near.example.com/x"): 4]
        #expect(try await store.take(limits).isEmpty)
        #expect(try await store.nextDue(limits) == nil)
    }

    private static func pauseSharedByTarget(_ store: any AgentStore) async throws {
        try await addNeighbours(2, to: store)
        try await store.signal(Sample.event("near"))
        let claimed = try await store.take(1)
        #expect(try await store.settle(claimed[0], pauseDecision(.seconds(30))))
        #expect(try await store.take(at: Sample.after(.seconds(5))).isEmpty)
        #expect(try await store.take(at: Sample.after(.seconds(30))).count == 2)
    }

    private static func roomPerFailingTarget(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("failing", "healthy", to: store)
        for name in ["failing", "healthy"] { try await signal(20, name, to: store) }
        let limits = ClaimLimits(total: 100, perTarget: 4, perFailingTarget: 1)
        let first = try await store.take(limits)
        #expect(webhooks.map { count(first, $0) } == [4, 4], "nothing has failed yet")
        let failing = try #require(first.first { $0.id.webhook == webhooks[0].id })
        #expect(try await store.settle(failing, .retry(at: Sample.start, error: "no")))
        let second = try await store.take(limits)
        #expect(webhooks.map { count(second, $0) } == [1, 4])
        var full = limits
        full.inFlight = [target(webhooks[0]): 1]
        let third = try await store.take(full)
        #expect(webhooks.map { count(third, $0) } == [0, 4])
        let probe = try #require(second.first { $0.id.webhook == webhooks[0].id })
        #expect(try await store.settle(probe, .delivered))
        let fourth = try await store.take(limits)
        #expect(webhooks.map { count(fourth, $0) } == [4, 4], "it answers again")
        var few = limits
        few.failing = 0
        #expect(few.room(target: "t", consecutiveErrors: 1) == 0)
        #expect(few.room(target: "t", consecutiveErrors: 0) == 4)
        // A target that fails never has more room than one that does not.
        let failed = try #require(fourth.first { $0.id.webhook == webhooks[0].id })
        #expect(try await store.settle(failed, .retry(at: Sample.start, error: "no")))
        let last = try await store.take(ClaimLimits(total: 100, perTarget: 3, perFailingTarget: 50))
        #expect(count(last, webhooks[0]) == 3)
    }

    // MARK: Shares

    private static func busyAndQuiet(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("busy", "quiet", to: store)
        try await signal(1000, "busy", to: store)
        try await store.signal(Sample.event("quiet", time: Sample.after(.seconds(1))))
        let claimed = try await store.take(10, at: Sample.after(.seconds(1)))
        #expect(claimed.count <= 10)
        #expect(webhooks.map { count(claimed, $0) } == [5, 1])
        var all = claimed
        while true {
            let next = try await store.take(100, at: Sample.after(.seconds(1)))
            if next.isEmpty { break }
            all += next
        }
        #expect(all.count == 1001)
        #expect(Set(all.map(\.id)).count == 1001)
    }

    private static func fairShares(_ store: any AgentStore) async throws {
        let webhooks = try await addWebhooks("one", "two", "three", to: store)
        for name in ["one", "two", "three"] { try await signal(100, name, to: store) }
        for _ in 0..<5 {
            let claimed = try await store.take(11)
            #expect(claimed.count <= 11)
            for webhook in webhooks { #expect(count(claimed, webhook) >= 3) }
        }
    }

    private static func longestWait(_ store: any AgentStore) async throws {
        // Added in another order than they begin to wait in.
        let order = [3, 0, 4, 1, 2]
        var ids = [Int32](repeating: 0, count: order.count)
        for place in order {
            ids[place] = try await store.add(Sample.webhook("\(place)", events: ["\(place)"])).id
            for second in [place, place + 5] {
                try await store.signal(Sample.event("\(place)", time: Sample.after(.seconds(second))))
            }
        }
        let now = Sample.after(.seconds(20))
        #expect(try await store.take(2, at: now).map(\.id.webhook) == [ids[0], ids[1]])
        #expect(try await store.take(3, at: now).map(\.id.webhook) == [ids[2], ids[3], ids[4]])
        #expect(try await store.take(1, at: now).map(\.id.webhook) == [ids[0]])
    }
}
