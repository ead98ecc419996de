import AgentCore
import Testing
import WebhookDelivery

@Suite("Retry policy")
struct RetryPolicyTests {
    private static let now = Timestamp(ticks: 17_400_000_001_234_567)

    /// Everything that is no success and not for good.
    private static let failures: [SendOutcome] =
        [199, 201, 204, 299, 300, 301, 302, 400, 401, 404, 408, 409, 411, 429, 500, 503, 599].map(answered)
        + SendFailure.Kind.allCases.map { SendOutcome.failed(SendFailure($0, "it failed: \($0)")) }

    private static func answered(_ status: Int) -> SendOutcome {
        .answered(TargetAnswer(status: status, reason: "Reason \(status)"))
    }

    private func decision(
        _ outcome: SendOutcome,
        after attempts: Int,
        policy: RetryPolicy = RetryPolicy()
    ) -> DeliveryResult.Disposition {
        policy.disposition(after: outcome, attempts: attempts, now: Self.now)
    }

    /// The waits after the first to the ninth attempt; nil: no more.
    private static let schedule: [Duration?] = [
        .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), .seconds(10), .seconds(1), .seconds(4), nil,
    ]

    @Test(
        "By default a failed attempt is repeated 1 s and 4 s later, in three cycles",
        arguments: RetryPolicyTests.failures
    )
    func defaultSchedule(outcome: SendOutcome) {
        for (attempts, wait) in Self.schedule.enumerated() {
            let expected: DeliveryResult.Disposition =
                if let wait {
                    .retry(at: Self.now.advanced(by: wait), error: outcome.summary)
                } else {
                    .failed(error: outcome.summary)
                }
            #expect(decision(outcome, after: attempts) == expected, "after \(attempts) attempts")
        }
    }

    @Test("200 delivers at every attempt", arguments: 0..<9)
    func success(attempts: Int) {
        #expect(decision(Self.answered(200), after: attempts) == .delivered)
    }

    @Test("410 fails for good at every attempt", arguments: 0..<9)
    func gone(attempts: Int) {
        #expect(decision(Self.answered(410), after: attempts) == .failed(error: "HTTP/1.1 410 Reason 410"))
        let lenient = RetryPolicy(success: .any2xx)
        #expect(
            decision(Self.answered(410), after: attempts, policy: lenient) == .failed(error: "HTTP/1.1 410 Reason 410")
        )
    }

    @Test("Every 2xx delivers once that is switched on", arguments: [200, 201, 202, 204, 226, 299])
    func any2xx(status: Int) {
        #expect(decision(Self.answered(status), after: 0, policy: RetryPolicy(success: .any2xx)) == .delivered)
    }

    @Test("Other statuses are no success although every 2xx is", arguments: [100, 199, 300, 302, 404, 500])
    func not2xx(status: Int) {
        let expected = DeliveryResult.Disposition.retry(
            at: Self.now.advanced(by: .seconds(1)),
            error: "HTTP/1.1 \(status) Reason \(status)"
        )
        #expect(decision(Self.answered(status), after: 0, policy: RetryPolicy(success: .any2xx)) == expected)
    }

    @Test("Success is named by 200 and 2xx")
    func successNames() {
        #expect(RetryPolicy.Success(rawValue: "200") == .ok)
        #expect(RetryPolicy.Success(rawValue: "2xx") == .any2xx)
        #expect(RetryPolicy.Success(rawValue: "3xx") == nil)
    }

    @Test("Without delays a cycle is one attempt")
    func noDelays() {
        let policy = RetryPolicy(delays: [], cycles: 3, cycleDelay: .seconds(7))
        let later = DeliveryResult.Disposition.retry(at: Self.now.advanced(by: .seconds(7)), error: "it failed")
        let outcome = SendOutcome.failed(SendFailure(.timeout, "it failed"))
        #expect(
            (0..<3).map { decision(outcome, after: $0, policy: policy) } == [later, later, .failed(error: "it failed")]
        )
    }

    @Test("Without delays and cycles to come the first failure is final")
    func oneAttempt() {
        let policy = RetryPolicy(delays: [], cycles: 1)
        let outcome = SendOutcome.failed(SendFailure(.timeout, "it failed"))
        #expect(decision(outcome, after: 0, policy: policy) == .failed(error: "it failed"))
    }

    @Test("One cycle ends with its last attempt")
    func oneCycle() {
        let policy = RetryPolicy(delays: [.milliseconds(300), .zero], cycles: 1, cycleDelay: .seconds(99))
        let outcome = Self.answered(503)
        let text = "HTTP/1.1 503 Reason 503"
        #expect(
            (0..<3).map { decision(outcome, after: $0, policy: policy) } == [
                .retry(at: Self.now.advanced(by: .milliseconds(300)), error: text), .retry(at: Self.now, error: text),
                .failed(error: text),
            ]
        )
    }

    @Test(
        "A delivery that always fails is attempted once per delay and once more, in every cycle",
        arguments: 0..<5,
        1..<5
    )
    func attemptsInAll(delays: Int, cycles: Int) {
        let policy = RetryPolicy(delays: Array(repeating: .seconds(1), count: delays), cycles: cycles)
        var attempts = 0
        while case .retry = decision(.refused, after: attempts, policy: policy), attempts < 1000 { attempts += 1 }
        #expect(attempts + 1 == (delays + 1) * cycles)
    }

    @Test("A delivery that was attempted more often than the schedule has attempts still ends")
    func shortenedSchedule() {
        let short = RetryPolicy(delays: [.seconds(1)], cycles: 1)
        for attempts in 2..<20 {
            let next = (attempts..<attempts + 2).map { decision(.refused, after: $0, policy: short) }
            #expect(next.contains(.failed(error: "The target could not be reached.")), "after \(attempts) attempts")
        }
    }
}
