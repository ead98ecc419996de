import Foundation
import StoreContracts
import Testing

@testable import WebhookDelivery

/// When the engine takes deliveries over, and when it claims.
@Suite("What the engine has room for")
struct EngineProgressTests {
    private static let limits = ClaimLimits(total: 10, perTarget: 2)

    /// An engine's progress after a claim that found nothing.
    private static func caughtUp() -> EngineProgress {
        let progress = EngineProgress()
        progress.catchUp(limits, waitsForRoom: false)
        return progress
    }

    private static func reserve(_ target: String, _ progress: EngineProgress) -> Bool {
        progress.reserve(target: target, concurrency: 4, perTarget: 2)
    }

    private static func delivery(_ target: String) -> ClaimedDelivery {
        ClaimedDelivery(
            id: DeliveryID(event: 1, webhook: 1),
            fence: 1,
            attempts: 0,
            eventID: UUID(),
            event: "contact.created",
            body: [],
            url: target,
            target: target,
            headers: nil,
            secret: nil
        )
    }

    @Test("Nothing is taken over before a claim has found that nothing older waits")
    func begins() {
        let progress = EngineProgress()
        #expect(!Self.reserve("a", progress))
        progress.catchUp(Self.limits, waitsForRoom: false)
        #expect(Self.reserve("a", progress))
    }

    @Test("A target without room gets nothing handed over until a claim has found nothing for it")
    func targetWithoutRoom() {
        let progress = Self.caughtUp()
        #expect(Self.reserve("a", progress))
        #expect(Self.reserve("a", progress))
        #expect(!Self.reserve("a", progress))
        #expect(Self.reserve("b", progress), "other targets are not concerned")
        progress.giveBack(["a"])
        #expect(!Self.reserve("a", progress), "the one that was refused is older")
        #expect(progress.mayFindSomething())
        progress.catchUp(ClaimLimits(total: 10, perTarget: 2, inFlight: ["a": 1]), waitsForRoom: false)
        #expect(Self.reserve("a", progress))
    }

    @Test("A target that a claim had no room for counts as one with older deliveries")
    func excludedTarget() {
        let progress = EngineProgress()
        progress.catchUp(ClaimLimits(total: 10, perTarget: 2, inFlight: ["a": 2]), waitsForRoom: false)
        #expect(!Self.reserve("a", progress))
        #expect(Self.reserve("b", progress))
    }

    @Test("A full engine takes nothing over until a claim has found nothing")
    func full() {
        let progress = Self.caughtUp()
        for target in ["a", "b", "c", "d"] { #expect(Self.reserve(target, progress)) }
        #expect(!Self.reserve("e", progress))
        progress.giveBack(["a", "b", "c", "d"])
        #expect(!Self.reserve("e", progress))
        progress.catchUp(Self.limits, waitsForRoom: false)
        #expect(Self.reserve("e", progress))
    }

    @Test("A claim is worth its while when there is news, and while something waits for room")
    func news() {
        let progress = EngineProgress()
        #expect(progress.mayFindSomething())
        #expect(progress.mayFindSomething(), "nothing is known yet")
        progress.catchUp(Self.limits, waitsForRoom: false)
        #expect(!progress.mayFindSomething())
        progress.arrive()
        #expect(progress.mayFindSomething())
        #expect(!progress.mayFindSomething())
        for isNews in [false, true] {
            #expect(Self.reserve("a", progress))
            progress.end([Self.delivery("a")], areRecorded: true, isNews: isNews)
            #expect(progress.mayFindSomething() == isNews)
        }
        #expect(progress.inFlight == 0)
    }

    @Test("What is handed over to an engine that stops is given up with its lease")
    func stopping() {
        let progress = Self.caughtUp()
        #expect(Self.reserve("a", progress))
        progress.stop()
        #expect(!Self.reserve("a", progress))
        progress.take([Self.delivery("a")])
        #expect(progress.takeHandedOver().isEmpty)
        #expect(progress.inFlight == 0)
        #expect(progress.leases == [DeliveryID(event: 1, webhook: 1)])
    }

    @Test("What is due and has no room is looked at with every result")
    func waitsForRoom() {
        let progress = EngineProgress()
        progress.catchUp(Self.limits, waitsForRoom: true)
        #expect(progress.mayFindSomething())
        #expect(progress.mayFindSomething(), "until a claim has found nothing that waits")
        progress.catchUp(Self.limits, waitsForRoom: false)
        #expect(!progress.mayFindSomething())
    }

    @Test("What was claimed and has lost its room to what was handed over does not begin")
    func surplus() {
        let progress = EngineProgress()
        progress.catchUp(Self.limits, waitsForRoom: false)
        #expect(progress.reserve(target: "a", concurrency: 4, perTarget: 2))
        let claimed = ["a", "a", "b", "c", "c"].map(Self.delivery)
        let (begun, surplus) = progress.begin(claimed, concurrency: 4, perTarget: 2)
        #expect(begun.map(\.target) == ["a", "b", "c"])
        #expect(surplus.map(\.target) == ["a", "c"])
        #expect(progress.inFlight == 4)
        #expect(progress.mayFindSomething())
    }
}
