import StoreContracts
import Testing
import WebhookModel

@testable import PostgreSQLQueue

@Suite("Due marks")
struct DueWatermarksTests {
    private func found(_ webhook: Int32, at time: Int64, target: String? = nil, errors: Int = 0) -> DueWatermarks.Found
    {
        DueWatermarks.Found(
            webhook: webhook,
            from: time,
            time: time,
            target: target ?? "t\(webhook)",
            consecutiveErrors: errors
        )
    }

    private let limits = ClaimLimits(total: 100, perTarget: 4, perFailingTarget: 1, failing: 0, inFlight: ["full": 4])

    @Test("Webhooks that wait or whose target has no room are not looked at")
    func waiting() {
        let marks = DueWatermarks()
        let count: Int32 = 30_000
        let all = (1...count).map { id -> DueWatermarks.Found in
            switch id % 3 {
            case 0: found(id, at: 1000)
            case 1: found(id, at: 1, target: "full")
            default: found(id, at: 1, errors: 1)
            }
        }
        #expect(marks.swept(all, since: marks.moment))
        #expect(marks.due(limits, at: 999, most: 256) == [])
        marks.lower([count + 1: 500])
        #expect(marks.due(limits, at: 999, most: 256) == [count + 1])
        #expect(marks.next(limits)?.time == 500)
        #expect(!marks.swept(all, since: marks.moment), "what is known is no news")
        #expect(marks.due(limits, at: 999, most: 256) == [count + 1])
    }

    @Test("Webhooks that waited longest come first, as many per target as it has room for")
    func order() {
        let marks = DueWatermarks()
        let all = (1...10).map { found(Int32($0), at: Int64(100 - $0), target: $0 <= 6 ? "near" : nil) }
        _ = marks.swept(all, since: marks.moment)
        #expect(marks.due(limits, at: 100, most: 256) == [10, 9, 8, 7, 6, 5, 4, 3])
        #expect(marks.due(limits, at: 92, most: 256) == [10, 9, 8])
        #expect(marks.due(limits, at: 100, most: 2) == [10, 9])
        let half = ClaimLimits(total: 100, perTarget: 4, inFlight: ["near": 2])
        #expect(marks.due(half, at: 100, most: 256) == [10, 9, 8, 7, 6, 5])
    }

    @Test("Failing webhooks are looked at up to the room for all failing ones")
    func failing() {
        let marks = DueWatermarks()
        _ = marks.swept((1...9).map { found($0, at: Int64($0), errors: 1) }, since: marks.moment)
        var limits = ClaimLimits(total: 100, perTarget: 4, perFailingTarget: 1, failing: 3)
        #expect(marks.due(limits, at: 100, most: 256) == [1, 2, 3])
        limits.inFlight = ["t1": 1, "t2": 1]
        #expect(marks.due(limits, at: 100, most: 256) == [3, 4, 5])
        // A result tells that one may not fail any more.
        marks.forget([8])
        #expect(marks.due(limits, at: 100, most: 256).contains(8))
    }

    @Test("A due mark that arrives during a look outlives the results of the look")
    func heardDuringLook() {
        let marks = DueWatermarks()
        marks.lower([1: 10, 2: 20, 3: 30])
        #expect(marks.look(at: [1, 2, 3]) == [10, 20, 30])
        marks.lower([1: 15, 2: 25])
        marks.found([1: found(1, at: 90)], of: [1, 2, 3])
        #expect(marks.look(at: [1, 2]) == [15, 25])
        #expect(marks.due(limits, at: 89, most: 256) == [1, 2])
        marks.found([1: found(1, at: 90)], of: [1, 2])
        #expect(marks.due(limits, at: 89, most: 256) == [])
        #expect(marks.next(limits)?.time == 90)
        #expect(marks.next(limits)?.isFresh == true)
    }

    @Test("A sweep lowers what has changed since it began, and raises only what has not")
    func sweeps() {
        let marks = DueWatermarks()
        marks.lower([1: 50, 2: 50])
        let moment = marks.moment
        marks.lower([1: 40])
        #expect(marks.swept([found(1, at: 45), found(2, at: 60)], since: moment) == true)
        #expect(marks.due(limits, at: 59, most: 256) == [1])
        marks.lower([2: 70])
        _ = marks.look(at: [2])
        #expect(marks.swept([found(2, at: 30)], since: 0))
        marks.found([:], of: [2])
        #expect(marks.due(limits, at: 30, most: 256) == [2], "a look that was under way does not know better")
    }

    @Test("What a sweep saw before it was claimed does not bring a webhook forward, but is looked at")
    func claimedMeanwhile() {
        let marks = DueWatermarks()
        marks.lower([1: 10, 2: 20])
        let moment = marks.moment
        _ = marks.look(at: [1])
        marks.found([1: found(1, at: 50)], of: [1])
        _ = marks.swept([found(1, at: 10), found(2, at: 20)], since: moment)
        #expect(marks.due(limits, at: 49, most: 256) == [2])
        #expect(marks.look(at: [1]) == [10])
    }

    @Test("What others hold is looked at again a little later")
    func busy() {
        let marks = DueWatermarks()
        marks.lower([1: 10])
        _ = marks.look(at: [1])
        marks.found([1: found(1, at: 10)], of: [1])
        marks.postpone([1], until: 60)
        #expect(marks.due(limits, at: 59, most: 256) == [])
        #expect(marks.next(limits)?.time == 60)
        marks.lower([1: 20])
        #expect(marks.due(limits, at: 59, most: 256) == [1])
    }
}
