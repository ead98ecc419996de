import StoreContracts
import Testing
import WebhookModel

@Suite("Failures in a row")
struct FailureRowTests {
    private static func time(_ seconds: Double) -> Timestamp {
        Timestamp(ticks: 17_400_000_001_234_567 + Int64(seconds * 10_000_000))
    }

    /// The decision on an attempt of an Active webhook's delivery that failed.
    private func decision(
        _ failures: FailureRow,
        attempts: Int = 0,
        by policy: DeliveryPolicy = .netServer,
        from began: Double,
        to now: Double
    ) -> DeliveryDecision {
        policy.decide(
            on: .failed(SendError(.timeout, "late")),
            DeliverySnapshot(attempts: attempts, failures: failures),
            began: Self.time(began),
            now: Self.time(now),
            random: 0
        )
    }

    @Test("A failure that began before the last counted one was over is one with it, in whatever order they come")
    func sideBySide() {
        let spans = [(0, 1), (0.2, 0.9), (0.99, 3), (1, 1.5), (0.5, 1.01)]
        for first in spans {
            var row = FailureRow().adding(from: Self.time(first.0), to: Self.time(first.1))
            for (from, to) in spans { row = row.adding(from: Self.time(min(from, first.1)), to: Self.time(to)) }
            #expect(row.count == 1, "\(first)")
            #expect(row.began == Self.time(0.9), "the first that was over, whichever was told of first")
        }
    }

    @Test("A failure that began in the moment in which the last counted one was over is one with it, one later is not")
    func tie() {
        let row = FailureRow().adding(from: Self.time(0), to: Self.time(1))
        #expect(row.adding(from: Self.time(1), to: Self.time(1)) == row)
        let later = row.adding(from: Timestamp(ticks: Self.time(1).ticks + 1), to: Self.time(2))
        #expect(later == FailureRow(count: 2, began: Self.time(1), latest: Self.time(2)))
    }

    @Test("A failure that is not counted lets the next be counted from the last that was")
    func chain() {
        var row = FailureRow()
        for number in 0..<10 {
            // Each takes ten seconds and begins five after the one before.
            row = row.adding(from: Self.time(Double(number) * 5), to: Self.time(Double(number) * 5 + 10))
        }
        #expect(row.count == 4, "those that end at 10, 25, 40 and 55 s")
    }

    @Test("A clock that is set back keeps failures from being counted once")
    func clockSetBack() {
        var row = FailureRow(count: 3, began: Self.time(7200), latest: Self.time(7300))
        row = row.adding(from: Self.time(0), to: Self.time(1))
        #expect(row == FailureRow(count: 3, began: Self.time(1), latest: Self.time(1)))
        #expect(row.adding(from: Self.time(2), to: Self.time(3)).count == 4)
    }

    @Test("Failures that were counted before their times were noted begin a row now")
    func unknownTimes() {
        let row = FailureRow(count: 20).adding(from: Self.time(0), to: Self.time(1))
        #expect(row == FailureRow(count: 21, began: Self.time(1), latest: Self.time(1)))
    }

    @Test("Nine failures make a webhook TooManyErrors once they have lasted 35 seconds")
    func lasting() {
        let eight = FailureRow(count: 8, began: Self.time(0), latest: Self.time(2))
        for (now, isOver) in [(3, false), (34.9999, false), (35, true), (600, true)] {
            #expect((decision(eight, from: now, to: now).webhookState == .tooManyErrors) == isOver, "\(now) s")
        }
        let seven = FailureRow(count: 7, began: Self.time(0), latest: Self.time(2))
        #expect(decision(seven, from: 600, to: 600).webhookState == nil)
        // One that is not counted ends it too: the ninth of a delivery must not be given up for its neighbour's sake.
        let nine = FailureRow(count: 9, began: Self.time(0), latest: Self.time(34.99))
        let last = decision(nine, attempts: 8, from: 34.98, to: 35)
        #expect(last.webhookState == .tooManyErrors)
        #expect(last.fate == .parked(attempts: 0))
        #expect(last.failures == nine)
    }

    @Test("Two replays' failures are none of the webhook's")
    func replays() {
        let row = FailureRow(count: 3, began: Self.time(0), latest: Self.time(1))
        let found = DeliveryPolicy.netServer.decide(
            on: .failed(SendError(.timeout, "late")),
            DeliverySnapshot(attempts: 0, isReplay: true, failures: row),
            began: Self.time(5),
            now: Self.time(6),
            random: 0
        )
        #expect(found.failures == row)
    }

    @Test("A row lasts as long as so many attempts of one delivery take")
    func spans() {
        let netServer = DeliveryPolicy.netServer
        let seconds = [0, 0, 1, 5, 15, 16, 20, 30, 31, 35, 45, 46]
        for (count, expected) in seconds.enumerated() {
            #expect(netServer.span(ofAttempts: count) == .seconds(expected), "\(count)")
        }
        #expect(netServer.span(ofAttempts: 1_000_000) == .seconds(5_000_000 - 5))
        let durable = DeliveryPolicy.durable
        #expect([1, 2, 3, 4].map { durable.span(ofAttempts: $0) } == [0, 5, 15, 35].map { .seconds($0) })
        // Eleven waits double up to 5,120 s, which makes 10,235 s; all others are two hours.
        #expect(durable.span(ofAttempts: 12) == .seconds(10_235))
        #expect(durable.span(ofAttempts: 1_000_000) == .seconds(10_235 + 7200 * 999_988))
        var single = netServer
        single.schedule = .cycles(delays: [], count: 1, pause: .seconds(10))
        #expect(single.span(ofAttempts: 3) == .seconds(20))
        single.schedule = .exponential(first: .zero, longest: .seconds(1), attempts: 3)
        #expect(single.span(ofAttempts: 1_000_000) == .zero)
    }
}
