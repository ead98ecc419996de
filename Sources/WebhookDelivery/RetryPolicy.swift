package import AgentCore

/// When a delivery is attempted again, as data; and the decision after each outcome, as a pure function of it.
///
/// NetServer's schedule (contract, section 7): three attempts in a cycle, the second after 1 s, the third after 4 s more,
/// then the back of the queue.
package struct RetryPolicy: Sendable, Hashable {
    /// The statuses that mean that a delivery arrived.
    package enum Success: String, Sendable, Hashable, CaseIterable {
        case ok = "200"
        case any2xx = "2xx"

        package func includes(_ status: Int) -> Bool {
            self == .ok ? status == 200 : (200..<300).contains(status)
        }
    }

    /// The waits between the attempts of one cycle.
    package var delays: [Duration]
    /// How often the cycle is gone through.
    package var cycles: Int
    /// The wait between two cycles.
    package var cycleDelay: Duration
    package var success: Success

    package init(
        delays: [Duration] = [.seconds(1), .seconds(4)],
        cycles: Int = 3,
        cycleDelay: Duration = .seconds(10),
        success: Success = .ok
    ) {
        self.delays = delays
        self.cycles = cycles
        self.cycleDelay = cycleDelay
        self.success = success
    }

    /// What becomes of a delivery after an attempt that ended at `now`; `attempts` were made before it.
    package func disposition(
        after outcome: SendOutcome,
        attempts: Int,
        now: Timestamp
    ) -> DeliveryResult.Disposition {
        if case .answered(let answer) = outcome {
            if success.includes(answer.status) { return .delivered }
            // Gone is for good (contract, section 7).
            if answer.status == 410 { return .failed(error: outcome.summary) }
        }
        let attemptsPerCycle = delays.count + 1
        let position = attempts % attemptsPerCycle
        if position < delays.count {
            return .retry(at: now.advanced(by: delays[position]), error: outcome.summary)
        }
        guard attempts / attemptsPerCycle + 1 < cycles else { return .failed(error: outcome.summary) }
        return .retry(at: now.advanced(by: cycleDelay), error: outcome.summary)
    }
}
