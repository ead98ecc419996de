import StoreContracts
import Testing
import WebhookModel

/// What follows from a result, over every state of a delivery and its webhook, every kind of outcome and the counters at
/// their limits.
@Suite("What follows from the result of an attempt")
struct RecordedOutcomeTests {
    private static let now = Timestamp(ticks: 17_400_000_001_234_567)
    private static let began = now.advanced(by: .seconds(-3))
    private static let leaseEnd = now.advanced(by: .seconds(27))
    private static let id = DeliveryID(event: 5, webhook: 66)

    /// What an attempt says, in the words of the contract.
    private enum Meaning {
        case arrived, ours, theirs, gone
    }

    private static func meaning(of outcome: SendOutcome, _ policy: DeliveryPolicy) -> Meaning {
        switch outcome {
        case .answered(let answer):
            if answer.status == 200 { return .arrived }
            if policy.success == .any2xx, (201..<300).contains(answer.status) { return .arrived }
            return answer.status == 410 ? .gone : .theirs
        case .failed(let failure): return failure.kind.isTargets ? .theirs : .ours
        }
    }

    private static let outcomes: [SendOutcome] =
        [200, 201, 299, 301, 410, 429, 500, 503].map { status in
            .answered(TargetAnswer(status: status, reason: "Reason", body: Array("body".utf8)))
        } + SendError.Kind.allCases.map { .failed(SendError($0, "it failed")) }

    /// Failures one below, at and above NetServer's nine, and the durable policy's five; lasting too short and long enough.
    private static let rows: [FailureRow] = [0, 1, 3, 4, 7, 8, 20].flatMap { count -> [FailureRow] in
        guard count > 0 else { return [FailureRow()] }
        return [Duration.seconds(34), .seconds(35)].map { lasted in
            FailureRow(
                count: count,
                began: now.advanced(by: .zero - lasted),
                latest: now.advanced(by: .seconds(-4))
            )
        }
    }

    private static var snapshots: [DeliverySnapshot] {
        var all: [DeliverySnapshot] = []
        for state in WebhookState.allCases {
            for isReplay in [false, true] {
                for isPaused in [false, true] {
                    for attempts in [0, 1, 7, 8, 9, 56, 57, 58] {
                        for row in rows {
                            all.append(
                                DeliverySnapshot(
                                    attempts: attempts,
                                    due: leaseEnd,
                                    isReplay: isReplay,
                                    webhookState: state,
                                    counters: WebhookCounters(
                                        totalCalls: 30,
                                        totalErrors: 20,
                                        lastError: "before",
                                        failures: row
                                    ),
                                    isPaused: isPaused
                                )
                            )
                        }
                    }
                }
            }
        }
        return all
    }

    private static func result(_ outcome: SendOutcome, _ policy: DeliveryPolicy) -> DeliveryResult {
        DeliveryResult(
            id: id,
            fence: 3,
            // Two seconds long by the clock that only grows, three by the one that people set.
            attempt: Attempt(started: began, duration: .seconds(2), retry: 0, outcome: outcome),
            outcome: outcome,
            decided: now,
            policy: policy,
            random: 0,
            stateEvent: StateEvent.Seed(sendsFieldValues: true, missed: .park)
        )
    }

    @Test(
        "The recorded outcome is what the contract says for every outcome",
        arguments: [DeliveryPolicy.netServer, .durable]
    )
    func everyOutcome(policy: DeliveryPolicy) {
        for outcome in Self.outcomes {
            let result = Self.result(outcome, policy)
            let meaning = Self.meaning(of: outcome, policy)
            #expect(result.isDelivered == (meaning == .arrived))
            for snapshot in Self.snapshots {
                let found = RecordedOutcome(of: result, on: snapshot)
                let problems = Self.problems(found, meaning, result, snapshot)
                #expect(problems.isEmpty, "\(problems), \(outcome.summary), \(snapshot)")
            }
        }
    }

    private static func problems(
        _ found: RecordedOutcome,
        _ meaning: Meaning,
        _ result: DeliveryResult,
        _ snapshot: DeliverySnapshot
    ) -> [String] {
        var problems: [String] = []
        func check(_ isSo: Bool, _ name: String) {
            if !isSo { problems.append(name) }
        }
        check(found.counters == counters(meaning, result, snapshot), "counters")
        switch meaning {
        case .arrived:
            check(found.fate == .delivered && found.row == nil, "it leaves the queue")
            check(found.pause == (snapshot.isPaused && !snapshot.isReplay ? .over : nil), "pause")
            check(found.stateChange == nil, "state")
        case .ours:
            let due = now.advanced(by: .milliseconds(500))
            var row = DeliveryRow(attempts: snapshot.attempts, due: due, reason: result.outcome.summary)
            if snapshot.webhookState != .active { row.state = .parked }
            check(found.fate == .postponed(to: due) && found.row == row, "it is postponed")
            check(found.pause == nil && found.stateChange == nil, "pause and state")
        case .theirs, .gone:
            problems += failureProblems(found, isGone: meaning == .gone, result, snapshot)
        }
        return problems
    }

    private static func counters(
        _ meaning: Meaning,
        _ result: DeliveryResult,
        _ snapshot: DeliverySnapshot
    ) -> WebhookCounters? {
        guard !snapshot.isReplay, meaning != .ours else { return nil }
        var counters = snapshot.counters
        counters.totalCalls = 31
        counters.failures = FailureRow()
        guard meaning != .arrived else { return counters }
        counters.totalErrors = 21
        counters.lastError = result.outcome.lastError
        let row = snapshot.failures
        counters.failures = FailureRow(count: row.count + 1, began: row.began ?? now, latest: now)
        return counters
    }

    private static func failureProblems(
        _ found: RecordedOutcome,
        isGone: Bool,
        _ result: DeliveryResult,
        _ snapshot: DeliverySnapshot
    ) -> [String] {
        let isNetServer = result.policy == .netServer
        let attempts = snapshot.attempts + 1
        let isOver = snapshot.failures.began.map { now.since($0) >= .seconds(35) } ?? false
        let trips = isGone || isNetServer && snapshot.failures.count >= 8 && isOver
        // A cycle that has begun after the last one of NetServer's three is gone through.
        let isLast = isNetServer ? attempts >= 9 && attempts.isMultiple(of: 3) : attempts >= 58
        var row = DeliveryRow(attempts: attempts, due: leaseEnd, reason: result.outcome.summary)
        var pause: RecordedOutcome.Pause?
        var change: WebhookStateChange?
        if snapshot.webhookState != .active {
            row.state = .parked
            if isLast { row.attempts = 0 }
        } else if !snapshot.isReplay, trips {
            (row.state, row.attempts) = (.parked, 0)
            change = WebhookStateChange(
                of: id.webhook,
                from: .active,
                to: .tooManyErrors,
                time: result.attempt.ended,
                seed: result.stateEvent
            )
        } else if isLast {
            row.state = .failed
            row.due = result.attempt.ended
        } else if case .retry(let time) = found.fate {
            row.due = time
            let failures = snapshot.failures.count + 1
            if !isNetServer, !snapshot.isReplay, failures >= 5 { pause = .until(now.advanced(by: .seconds(30))) }
        }
        var problems: [String] = []
        if found.row != row { problems.append("row \(String(describing: found.row)), not \(row)") }
        if found.pause != pause { problems.append("pause") }
        if found.stateChange != change { problems.append("state") }
        let fate: DeliveryFate =
            switch row.state {
            case .parked: .parked(attempts: row.attempts)
            case .failed: .failed
            case .pending, .missed: .retry(at: row.due)
            }
        if found.fate != fate { problems.append("fate") }
        if row.state == .pending, row.due <= now { problems.append("it is due at once") }
        return problems
    }
}
