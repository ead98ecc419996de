import StoreContracts
import Testing
import WebhookModel

@Suite("What one claim takes of which webhooks")
struct ClaimPlanTests {
    private static let now = Timestamp(ticks: 1000)

    private static func waiting(
        _ id: Int32,
        due: Int64 = 0,
        target: String? = nil,
        errors: Int = 0
    ) -> WaitingWebhook {
        WaitingWebhook(
            id: id,
            due: Timestamp(ticks: due),
            target: target ?? "https://t\(id)",
            consecutiveErrors: errors
        )
    }

    /// What is asked for of each webhook, in order, where each has `pending` deliveries.
    private static func asked(
        _ waiting: [WaitingWebhook],
        _ limits: ClaimLimits,
        pending: Int = .max
    ) -> [[Int]] {
        var plan = ClaimPlan(waiting, limits: limits, now: now)
        var asked: [[Int]] = []
        plan.carryOut { webhook, limit in
            asked.append([Int(webhook.id), limit])
            return min(limit, pending)
        }
        return asked
    }

    @Test("Each webhook gets a fair share, the one that has waited longest first, ties by id")
    func shares() {
        let waiting = [Self.waiting(3, due: 5), Self.waiting(2, due: 7), Self.waiting(1, due: 7)]
        #expect(Self.asked(waiting, ClaimLimits(total: 9)) == [[3, 3], [1, 3], [2, 3]])
        #expect(Self.asked(waiting, ClaimLimits(total: 10)) == [[3, 3], [1, 3], [2, 3]])
        #expect(Self.asked(waiting, ClaimLimits(total: 2)) == [[3, 1], [1, 1]], "one each, as far as they go")
        #expect(Self.asked([], ClaimLimits(total: 9)) == [])
        #expect(Self.asked(waiting, ClaimLimits(total: 0)) == [])
    }

    @Test("A webhook whose time has not come has no part in the shares")
    func notDue() {
        let waiting = [Self.waiting(1, due: 1000), Self.waiting(2, due: 1001)]
        #expect(Self.asked(waiting, ClaimLimits(total: 8)) == [[1, 8]])
    }

    @Test("Webhooks share the room of their target, with what is in flight there")
    func targets() {
        let waiting = (1...3).map { Self.waiting($0, target: "https://t") }
        let limits = ClaimLimits(total: 30, perTarget: 14, inFlight: ["https://t": 2])
        #expect(Self.asked(waiting, limits) == [[1, 10], [2, 2]])
        #expect(
            Self.asked(waiting, limits, pending: 5) == [[1, 10], [2, 7], [3, 2]],
            "what one does not take is left"
        )
    }

    @Test("Failing webhooks have less room, each target's and that of all")
    func failing() {
        let waiting = (1...4).map { Self.waiting($0, errors: $0 == 2 ? 0 : 1) }
        let limits = ClaimLimits(total: 40, perTarget: 8, perFailingTarget: 2, failing: 3)
        #expect(Self.asked(waiting, limits) == [[1, 2], [2, 8], [3, 1]])
        #expect(waiting.map(\.isFailing) == [true, false, true, true])
    }

    @Test("The next time is the first of the webhooks that have room")
    func firstDue() {
        let waiting = [
            Self.waiting(1, due: 5, target: "https://full"), Self.waiting(2, due: 2000), Self.waiting(3, due: 3000),
        ]
        let limits = ClaimLimits(total: 1, perTarget: 2, inFlight: ["https://full": 2])
        #expect(limits.firstDue(of: waiting) == Timestamp(ticks: 2000))
        #expect(limits.firstDue(of: waiting.prefix(1)) == nil)
        #expect(ClaimLimits(total: 1).firstDue(of: waiting) == Timestamp(ticks: 5))
    }
}
