import AgentCore
import StoreContracts
import Testing

/// When a delivery is attempted again.
extension DeliveryPolicyTests {
    @Test("NetServer's schedule has nine attempts in three cycles", arguments: [0, 0.5, DeliveryPolicyTests.most])
    func netServerSchedule(random: Double) {
        #expect((0..<9).map { wait(after: $0, by: .netServer, random: random) } == Self.netServerWaits)
        let last = decision(Self.answered(500), DeliverySnapshot(attempts: 8), random: random)
        #expect(
            last == DeliveryDecision(.failed, error: "HTTP/1.1 500 Reason 500", failures: Self.row(1, lasted: .zero))
        )
    }

    @Test("The durable schedule doubles its waits up to two hours, each shortened by up to half")
    func durableSchedule() throws {
        for attempts in 0..<57 {
            let full = attempts < 11 ? Duration.seconds(5 * (1 << attempts)) : .seconds(7200)
            let shortest = try #require(wait(after: attempts, by: .durable))
            let longest = try #require(wait(after: attempts, by: .durable, random: Self.most))
            let middle = try #require(wait(after: attempts, by: .durable, random: 0.5))
            #expect(shortest == full / 2, "after \(attempts) attempts before")
            #expect(longest <= full && longest > full - .milliseconds(1), "after \(attempts) attempts before")
            #expect(middle == full * 3 / 4, "after \(attempts) attempts before")
        }
        let last = decision(Self.answered(500), DeliverySnapshot(attempts: 57), by: .durable)
        #expect(last.fate == .failed)
    }

    @Test("The durable schedule takes about three days")
    func durableTotal() {
        let total = { (random: Double) in
            (0..<57).reduce(Duration.zero) { $0 + (wait(after: $1, by: .durable, random: random) ?? .zero) }
        }
        let day = Duration.seconds(86_400)
        #expect(total(0.5) > day * 28 / 10 && total(0.5) < day * 32 / 10)
        #expect(total(0) > day * 19 / 10)
        #expect(total(Self.most) < day * 4)
    }

    @Test("Waits do not overflow however many attempts there are")
    func manyAttempts() {
        let schedule = DeliveryPolicy.Schedule.exponential(
            first: .seconds(1),
            longest: .seconds(60),
            attempts: .max
        )
        let policy = DeliveryPolicy(schedule: schedule, success: .ok, failureLimit: nil)
        for attempts in [29, 30, 31, 32, 62, 63, 64, 1_000_000] {
            #expect(wait(after: attempts, by: policy) == .seconds(30))
        }
    }

    static func cycles(_ delays: [Duration], _ count: Int, pause: Duration = .seconds(7)) -> DeliveryPolicy {
        DeliveryPolicy(
            schedule: .cycles(delays: delays, count: count, pause: pause),
            success: .ok,
            failureLimit: nil
        )
    }

    @Test("A schedule without delays attempts once in each cycle")
    func noDelays() {
        let policy = Self.cycles([], 3)
        #expect((0..<3).map { wait(after: $0, by: policy) } == [.seconds(7), .seconds(7), nil])
        #expect(wait(after: 0, by: Self.cycles([], 1)) == nil)
    }

    @Test("One cycle ends with its last attempt")
    func oneCycle() {
        let policy = Self.cycles([.milliseconds(300), .zero], 1)
        #expect((0..<3).map { wait(after: $0, by: policy) } == [.milliseconds(300), .zero, nil])
    }

    @Test(
        "A delivery that always fails is attempted once per delay and once more, in every cycle",
        arguments: 0..<5,
        1..<5
    )
    func attemptsInAll(delays: Int, cycles: Int) {
        let policy = Self.cycles(Array(repeating: .seconds(1), count: delays), cycles)
        var attempts = 0
        while wait(after: attempts, by: policy) != nil, attempts < 1000 { attempts += 1 }
        #expect(attempts + 1 == (delays + 1) * cycles)
    }

    @Test("A delivery that was attempted more often than the schedule has attempts still ends")
    func shortenedSchedule() {
        for attempts in 2..<20 {
            let next = (attempts..<attempts + 2).map { wait(after: $0, by: Self.cycles([.seconds(1)], 1)) }
            #expect(next.contains(nil), "after \(attempts) attempts")
        }
    }

    @Test(
        "A wait that the target asks for is honoured up to an hour, and never shortens ours",
        arguments: [
            ("60", 60_000), (" 60 ", 60_000), ("\t60\t", 60_000), (" Wed, 21 Oct 2099 07:28:00 GMT ", 3_600_000),
            ("3600", 3_600_000), ("3601", 3_600_000), ("9223372036854775807", 3_600_000),
            ("1", 2500), ("0", 2500), ("-60", 2500), ("99999999999999999999", 2500), ("", 2500), ("60s", 2500),
            ("1e3", 2500), ("Wed, 21 Oct 2015 07:28:00 GMT", 2500), ("Wed, 21 Oct 2099 07:28:00 GMT", 3_600_000),
            ("21 Oct 2099", 2500), ("Mon, 01 Jan 0001 00:00:00 GMT", 2500),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600_000), ("Fri, 31 Dec 99999 23:59:59 GMT", 2500),
        ]
    )
    func retryAfter(value: String, milliseconds: Int) {
        for status in [429, 503, 301] {
            let found = wait(after: 0, Self.answered(status, retryAfter: value), by: .durable)
            #expect(found == .milliseconds(milliseconds))
        }
    }

    @Test("NetServer's policy ignores Retry-After, and Retry-After adds no attempt")
    func retryAfterElsewhere() {
        #expect(wait(after: 0, Self.answered(503, retryAfter: "60"), by: .netServer) == .seconds(1))
        #expect(wait(after: 57, Self.answered(503, retryAfter: "60"), by: .durable) == nil)
    }
}
