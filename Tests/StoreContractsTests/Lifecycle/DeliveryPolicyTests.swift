import StoreContracts
import Testing
import WebhookModel

@Suite("Delivery policy")
struct DeliveryPolicyTests {
    private static let now = Timestamp(ticks: 17_400_000_001_234_567)
    /// The largest number that is drawn.
    private static let most = 1.0.nextDown

    private static func answered(_ status: Int, retryAfter: String? = nil) -> SendOutcome {
        let headers = retryAfter.map { [StringDictionary.Entry(key: "retry-AFTER", value: $0)] } ?? []
        return .answered(TargetAnswer(status: status, reason: "Reason \(status)", headers: headers))
    }

    /// Everything that is no success and not for good.
    private static let failures: [SendOutcome] =
        [199, 201, 204, 299, 300, 301, 302, 400, 401, 404, 408, 409, 411, 429, 500, 503, 599].map { answered($0) }
        + SendFailure.Kind.allCases.filter(\.isTargets).map { SendOutcome.failed(SendFailure($0, "it failed: \($0)")) }

    /// A row of failures that has lasted so long until now, the last of them a second ago.
    private static func row(_ count: Int, lasted: Duration = .seconds(35)) -> FailureRow {
        let began = now.advanced(by: .zero - lasted)
        return count == 0
            ? FailureRow() : FailureRow(count: count, began: began, latest: max(began, now.advanced(by: .seconds(-1))))
    }

    private func decision(
        _ outcome: SendOutcome,
        _ snapshot: DeliverySnapshot,
        by policy: DeliveryPolicy = .netServer,
        random: Double = 0
    ) -> DeliveryDecision {
        policy.decide(on: outcome, snapshot, began: Self.now, now: Self.now, random: random)
    }

    /// The wait until the next attempt, nil when there is none.
    private func wait(
        after attempts: Int,
        _ outcome: SendOutcome = DeliveryPolicyTests.answered(500),
        by policy: DeliveryPolicy,
        random: Double = 0
    ) -> Duration? {
        let found = decision(outcome, DeliverySnapshot(attempts: attempts), by: policy, random: random)
        guard case .retry(let time) = found.fate else { return nil }
        return time.since(Self.now)
    }

    // MARK: Schedules

    /// The waits after the first to the ninth attempt; nil: no more.
    private static let netServerWaits: [Duration?] = [
        .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), nil,
    ]

    @Test("NetServer's has nine attempts in three cycles", arguments: [0, 0.5, DeliveryPolicyTests.most])
    func netServerSchedule(random: Double) {
        #expect((0..<9).map { wait(after: $0, by: .netServer, random: random) } == Self.netServerWaits)
        let last = decision(Self.answered(500), DeliverySnapshot(attempts: 8), random: random)
        #expect(
            last == DeliveryDecision(.failed, error: "HTTP/1.1 500 Reason 500", failures: Self.row(1, lasted: .zero))
        )
    }

    @Test("The durable one doubles its waits up to two hours, each shortened by up to half")
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

    @Test("The durable one takes about three days")
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

    private static func cycles(_ delays: [Duration], _ count: Int, pause: Duration = .seconds(7)) -> DeliveryPolicy {
        DeliveryPolicy(
            schedule: .cycles(delays: delays, count: count, pause: pause),
            success: .ok,
            failureLimit: nil
        )
    }

    @Test("Without delays a cycle is one attempt")
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

    // MARK: Outcomes and states

    private static let states: [WebhookState] = [.active, .stopped, .tooManyErrors]

    /// Whatever a decision may be made on.
    private static var snapshots: [DeliverySnapshot] {
        var all: [DeliverySnapshot] = []
        for state in states {
            for isReplay in [false, true] {
                for attempts in 0..<9 {
                    for errors in [0, 7, 8, 20] {
                        all.append(
                            DeliverySnapshot(
                                attempts: attempts,
                                isReplay: isReplay,
                                webhookState: state,
                                failures: row(errors)
                            )
                        )
                    }
                }
            }
        }
        return all
    }

    @Test("200 delivers, whatever the state")
    func success() {
        for snapshot in Self.snapshots {
            #expect(decision(Self.answered(200), snapshot) == DeliveryDecision(.delivered), "\(snapshot)")
        }
    }

    @Test("A failure is tried again, parked or final by its state", arguments: DeliveryPolicyTests.failures)
    func failure(outcome: SendOutcome) {
        for snapshot in Self.snapshots {
            let isActive = snapshot.webhookState == .active
            let failures = snapshot.failures.adding(from: Self.now, to: Self.now)
            var expected = DeliveryDecision(
                .failed,
                error: outcome.summary,
                failures: snapshot.isReplay ? snapshot.failures : failures
            )
            if isActive, !snapshot.isReplay, snapshot.failures.count >= 8 {
                expected.fate = .parked(attempts: 0)
                expected.webhookState = .tooManyErrors
            } else if let wait = Self.netServerWaits[snapshot.attempts] {
                let later = Self.now.advanced(by: wait)
                expected.fate = isActive ? .retry(at: later) : .parked(attempts: snapshot.attempts + 1)
            } else if !isActive {
                expected.fate = .parked(attempts: 0)
            }
            #expect(decision(outcome, snapshot) == expected, "\(snapshot)")
        }
    }

    @Test("410 is for good where it says something about the webhook, and a failure like any other elsewhere")
    func gone() {
        for policy in [DeliveryPolicy.netServer, .durable] {
            for snapshot in Self.snapshots {
                let found = decision(Self.answered(410), snapshot, by: policy)
                if !snapshot.isReplay, snapshot.webhookState == .active {
                    let tripped = DeliveryDecision(
                        .parked(attempts: 0),
                        error: "HTTP/1.1 410 Reason 410",
                        failures: snapshot.failures.adding(from: Self.now, to: Self.now),
                        webhookState: .tooManyErrors
                    )
                    #expect(found == tripped, "\(snapshot)")
                } else {
                    var other = decision(Self.answered(500), snapshot, by: policy)
                    (other.error, other.lastError) = ("HTTP/1.1 410 Reason 410", "HTTP/1.1 410 Reason 410")
                    #expect(found == other, "\(snapshot)")
                }
            }
        }
    }

    private static let ownKinds = SendFailure.Kind.allCases.filter { !$0.isTargets }

    @Test("What is not the target's failure is postponed, whatever the state", arguments: ownKinds)
    func postponed(kind: SendFailure.Kind) {
        let failure = SendOutcome.failed(SendFailure(kind, "not the target's"))
        for policy in [DeliveryPolicy.netServer, .durable] {
            for snapshot in Self.snapshots {
                let expected = DeliveryDecision(
                    .postponed(to: Self.now.advanced(by: .milliseconds(500))),
                    error: "not the target's"
                )
                #expect(decision(failure, snapshot, by: policy) == expected, "\(snapshot)")
                #expect(!expected.isCounted)
            }
        }
    }

    @Test(
        "What is not the target's failure waits as long again as it has lasted, from a second to half a minute",
        arguments: [
            (-5, 1000), (0, 1000), (999, 1000), (1500, 1500), (20_000, 20_000), (30_001, 30_000), (9e9, 30_000),
        ]
    )
    func postponement(lasted: Double, milliseconds: Double) {
        let since = Self.now.advanced(by: .milliseconds(0) - .milliseconds(1) * lasted)
        for (random, share) in [(0, 0.5), (0.5, 0.75)] {
            let found = DeliveryPolicy.netServer.decide(
                on: .failed(SendFailure(.proxy, "no")),
                DeliverySnapshot(attempts: 8, failures: Self.row(8)),
                began: Self.now,
                now: Self.now,
                random: random,
                ownFailureSince: since
            )
            #expect(found.fate == .postponed(to: Self.now.advanced(by: .milliseconds(1) * milliseconds * share)))
        }
    }

    @Test("Without a limit no number of failures trips the webhook")
    func noLimit() {
        var policy = DeliveryPolicy.netServer
        policy.failureLimit = nil
        let snapshot = DeliverySnapshot(attempts: 0, failures: Self.row(100_000, lasted: .seconds(86_400)))
        let found = decision(Self.answered(500), snapshot, by: policy)
        #expect(found.fate == .retry(at: Self.now.advanced(by: .seconds(1))))
        #expect(found.failures.count == 100_001)
        #expect(found.webhookState == nil)
    }

    @Test("A limit of one trips at the first failure")
    func limitOfOne() {
        var policy = DeliveryPolicy.netServer
        policy.failureLimit = 1
        let found = decision(Self.answered(500), DeliverySnapshot(attempts: 0), by: policy)
        #expect(found.webhookState == .tooManyErrors)
        #expect(found.fate == .parked(attempts: 0))
    }

    @Test("Every 2xx delivers once that is switched on", arguments: [200, 201, 202, 204, 226, 299])
    func any2xx(status: Int) {
        #expect(decision(Self.answered(status), DeliverySnapshot(attempts: 0), by: .durable).fate == .delivered)
        let isDelivered = decision(Self.answered(status), DeliverySnapshot(attempts: 0)).fate == .delivered
        #expect(isDelivered == (status == 200))
    }

    @Test("Other statuses are no success although every 2xx is", arguments: [100, 199, 300, 302, 404, 500])
    func not2xx(status: Int) {
        let found = decision(Self.answered(status), DeliverySnapshot(attempts: 0), by: .durable)
        #expect(found.fate == .retry(at: Self.now.advanced(by: .milliseconds(2500))))
        #expect(found.error?.hasPrefix("HTTP/1.1 \(status) Reason \(status)") == true)
    }

    @Test("Success is named by 200 and 2xx")
    func successNames() {
        #expect(DeliveryPolicy.Success(rawValue: "200") == .ok)
        #expect(DeliveryPolicy.Success(rawValue: "2xx") == .any2xx)
        #expect(DeliveryPolicy.Success(rawValue: "3xx") == nil)
    }

    // MARK: Retry-After and breaker

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

    @Test("NetServer's ignores what the target asks for, and no wait makes an attempt more")
    func retryAfterElsewhere() {
        #expect(wait(after: 0, Self.answered(503, retryAfter: "60"), by: .netServer) == .seconds(1))
        #expect(wait(after: 57, Self.answered(503, retryAfter: "60"), by: .durable) == nil)
    }

    @Test("Five failures in a row pause a target for thirty seconds", arguments: [0, 3, 4, 5, 100])
    func breaker(errors: Int) {
        let snapshot = DeliverySnapshot(attempts: 2, failures: Self.row(errors))
        for outcome in [Self.answered(500), .failed(SendFailure(.timeout, "late"))] {
            let found = decision(outcome, snapshot, by: .durable)
            #expect(found.pauseUntil == (errors >= 4 ? Self.now.advanced(by: .seconds(30)) : nil))
            #expect(found.fate == .retry(at: Self.now.advanced(by: .seconds(10))))
            #expect(found.webhookState == nil)
            #expect(decision(outcome, snapshot).pauseUntil == nil, "NetServer's has none")
        }
        #expect(decision(Self.answered(200), snapshot, by: .durable).pauseUntil == nil)
        for state in [WebhookState.stopped, .tooManyErrors] {
            var atRest = snapshot
            atRest.webhookState = state
            #expect(decision(Self.answered(500), atRest, by: .durable).pauseUntil == nil)
        }
        var replay = snapshot
        replay.isReplay = true
        #expect(decision(Self.answered(500), replay, by: .durable).pauseUntil == nil)
    }
}
