import StoreContracts
import Testing
import WebhookModel

@Suite("Delivery policy")
struct DeliveryPolicyTests {
    static let now = Timestamp(ticks: 17_400_000_001_234_567)
    /// The largest number that is drawn.
    static let most = 1.0.nextDown

    static func answered(_ status: Int, retryAfter: String? = nil) -> SendOutcome {
        let headers = retryAfter.map { [StringDictionary.Entry(key: "retry-AFTER", value: $0)] } ?? []
        return .answered(TargetAnswer(status: status, reason: "Reason \(status)", headers: headers))
    }

    /// Everything that is no success and not for good.
    static let failures: [SendOutcome] =
        [199, 201, 204, 299, 300, 301, 302, 400, 401, 404, 408, 409, 411, 429, 500, 503, 599].map { answered($0) }
        + SendError.Kind.allCases.filter(\.isTargets).map { SendOutcome.failed(SendError($0, "it failed: \($0)")) }

    /// A row of failures that has lasted so long until now, the last of them a second ago.
    static func row(_ count: Int, lasted: Duration = .seconds(35)) -> FailureRow {
        let began = now.advanced(by: .zero - lasted)
        return count == 0
            ? FailureRow() : FailureRow(count: count, began: began, latest: max(began, now.advanced(by: .seconds(-1))))
    }

    func decision(
        _ outcome: SendOutcome,
        _ snapshot: DeliverySnapshot,
        by policy: DeliveryPolicy = .netServer,
        random: Double = 0
    ) -> DeliveryDecision {
        policy.decide(on: outcome, snapshot, began: Self.now, now: Self.now, random: random)
    }

    /// The wait until the next attempt, nil when there is none.
    func wait(
        after attempts: Int,
        _ outcome: SendOutcome = DeliveryPolicyTests.answered(500),
        by policy: DeliveryPolicy,
        random: Double = 0
    ) -> Duration? {
        let found = decision(outcome, DeliverySnapshot(attempts: attempts), by: policy, random: random)
        guard case .retry(let time) = found.fate else { return nil }
        return time.since(Self.now)
    }

    /// The waits after the first to the ninth attempt; nil: no more.
    static let netServerWaits: [Duration?] = [
        .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), nil,
    ]

    // MARK: Outcomes and states

    static let states: [WebhookState] = [.active, .stopped, .tooManyErrors]

    /// Whatever a decision may be made on.
    static var snapshots: [DeliverySnapshot] {
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

    static let ownKinds = SendError.Kind.allCases.filter { !$0.isTargets }

    @Test("What is not the target's failure is postponed, whatever the state", arguments: ownKinds)
    func postponed(kind: SendError.Kind) {
        let failure = SendOutcome.failed(SendError(kind, "not the target's"))
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
                on: .failed(SendError(.proxy, "no")),
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

    // MARK: Pauses of a target

    @Test("Five failures in a row pause a target for thirty seconds", arguments: [0, 3, 4, 5, 100])
    func breaker(errors: Int) {
        let snapshot = DeliverySnapshot(attempts: 2, failures: Self.row(errors))
        for outcome in [Self.answered(500), .failed(SendError(.timeout, "late"))] {
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
