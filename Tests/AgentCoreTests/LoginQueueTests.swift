import AgentCore
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

/// A wait that loses its wake-up would never end: the throttle's clock stands still here.
@Suite("Queue of login attempts", .timeLimit(.minutes(5)))
struct LoginQueueTests {
    private static let never: @Sendable (Duration) async throws -> Void = { _ in
        try await Task.sleep(for: .seconds(3600))
    }

    /// After one failure, which this has seen, attempts are made one at a time.
    private static func strictThrottle() -> (throttle: LoginThrottle, now: Timestamp) {
        let limits = LoginThrottle.Limits(freeFailures: 1, firstPause: .seconds(1), longestPause: .seconds(1))
        let throttle = LoginThrottle(addresses: limits, sleep: never)
        var failure = attempt(throttle)
        #expect(throttle.enter(&failure, now: Fixed.time) == .admitted)
        throttle.leave(failure, succeeded: false, now: Fixed.time)
        return (throttle, Fixed.time.advanced(by: .seconds(2)))
    }

    private static func attempt(_ throttle: LoginThrottle, from address: String = "address") -> LoginThrottle.Attempt {
        throttle.attempt(by: "token", isGuessable: false, from: address)
    }

    @Test("Queued attempts are made one after the other, in the order in which they came")
    func order() async {
        let (throttle, now) = Self.strictThrottle()
        var holder = Self.attempt(throttle)
        #expect(throttle.enter(&holder, now: now) == .admitted)
        let order = Recorder<Int>()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                var attempt = Self.attempt(throttle)
                #expect(throttle.enter(&attempt, now: now) == .queued)
                let queued = attempt
                group.addTask {
                    var attempt = queued
                    repeat {
                        #expect(await throttle.wait(attempt, atMost: .seconds(30)))
                    } while throttle.enter(&attempt, now: now) != .admitted
                    order.add(number)
                    throttle.leave(attempt, succeeded: true, now: now)
                }
            }
            throttle.leave(holder, succeeded: true, now: now)
        }
        #expect(order.all == Array(0..<10))
    }

    @Test("A failure resumes one queued attempt, which pauses")
    func pauseAfterFailure() async {
        let (throttle, now) = Self.strictThrottle()
        var attempts = (0..<3).map { _ in Self.attempt(throttle) }
        let admissions = attempts.indices.map { throttle.enter(&attempts[$0], now: now) }
        #expect(admissions == [.admitted, .queued, .queued])
        throttle.leave(attempts[0], succeeded: false, now: now)
        #expect(await throttle.wait(attempts[1], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[1], now: now) == .pause(.seconds(1)))
        let later = now.advanced(by: .seconds(1))
        #expect(throttle.enter(&attempts[1], now: later) == .admitted)
        throttle.leave(attempts[1], succeeded: true, now: later)
        #expect(await throttle.wait(attempts[2], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[2], now: later) == .admitted)
    }

    @Test("An attempt that was resumed and must wait once more comes before those that came after it")
    func placeThatIsTaken() async {
        let (throttle, now) = Self.strictThrottle()
        var attempts = (0..<3).map { _ in Self.attempt(throttle) }
        for index in attempts.indices { _ = throttle.enter(&attempts[index], now: now) }
        throttle.leave(attempts[0], succeeded: true, now: now)
        #expect(await throttle.wait(attempts[1], atMost: .seconds(30)))
        // An attempt with another token is quicker than the one that was resumed.
        var quicker = throttle.attempt(by: "another token", isGuessable: false, from: "address")
        #expect(throttle.enter(&quicker, now: now) == .admitted)
        #expect(throttle.enter(&attempts[1], now: now) == .queued)
        throttle.leave(quicker, succeeded: true, now: now)
        #expect(await throttle.wait(attempts[1], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[1], now: now) == .admitted)
        throttle.leave(attempts[1], succeeded: true, now: now)
        #expect(await throttle.wait(attempts[2], atMost: .seconds(30)))
    }

    @Test("Two attempts that were resumed and must wait once more keep their order")
    func orderOfThoseThatReturn() async {
        let throttle = LoginThrottle(sleep: Self.never)
        func newAttempts(_ count: Int, expecting admission: LoginThrottle.Admission) -> [LoginThrottle.Attempt] {
            (0..<count).map { _ in
                var attempt = Self.attempt(throttle)
                #expect(throttle.enter(&attempt, now: Fixed.time) == admission)
                return attempt
            }
        }
        let holders = newAttempts(3, expecting: .admitted)
        var resumed = newAttempts(2, expecting: .queued)
        for holder in holders.prefix(2) { throttle.leave(holder, succeeded: nil, now: Fixed.time) }
        // Two others are quicker than those that were resumed.
        let quicker = newAttempts(2, expecting: .admitted)
        for index in resumed.indices { #expect(throttle.enter(&resumed[index], now: Fixed.time) == .queued) }
        let order = Recorder<Int>()
        await withTaskGroup(of: Void.self) { group in
            for (number, queued) in resumed.enumerated() {
                group.addTask {
                    var attempt = queued
                    #expect(await throttle.wait(attempt, atMost: .seconds(30)))
                    #expect(throttle.enter(&attempt, now: Fixed.time) == .admitted)
                    order.add(number)
                    throttle.leave(attempt, succeeded: nil, now: Fixed.time)
                }
            }
            throttle.leave(quicker[0], succeeded: nil, now: Fixed.time)
        }
        #expect(order.all == [0, 1])
    }

    @Test("An attempt that gives up learns how long the pause is that it waited for")
    func pauseThatIsLeft() {
        let (throttle, now) = Self.strictThrottle()
        var attempts = (0..<3).map { _ in Self.attempt(throttle) }
        let admissions = attempts.indices.map { throttle.enter(&attempts[$0], now: now) }
        #expect(admissions == [.admitted, .queued, .queued])
        #expect(throttle.giveUp(attempts[2], now: now) == .zero)
        throttle.leave(attempts[0], succeeded: false, now: now)
        #expect(throttle.giveUp(attempts[1], now: now.advanced(by: .milliseconds(400))) == .milliseconds(600))
    }

    @Test("An attempt that was resumed and gives up resumes the next one")
    func givingUpATurn() async {
        let (throttle, now) = Self.strictThrottle()
        var attempts = (0..<3).map { _ in Self.attempt(throttle) }
        for index in attempts.indices { _ = throttle.enter(&attempts[index], now: now) }
        throttle.leave(attempts[0], succeeded: true, now: now)
        throttle.giveUp(attempts[1], now: now)
        #expect(await throttle.wait(attempts[2], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[2], now: now) == .admitted)
    }

    @Test("An attempt that gives up a pause resumes the next one, which pauses in its place")
    func givingUpAPause() async {
        let (throttle, _) = Self.strictThrottle()
        var attempts = (0..<2).map { _ in Self.attempt(throttle) }
        #expect(throttle.enter(&attempts[0], now: Fixed.time) == .pause(.seconds(1)))
        #expect(throttle.enter(&attempts[1], now: Fixed.time) == .queued)
        throttle.giveUp(attempts[0], now: Fixed.time)
        #expect(await throttle.wait(attempts[1], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[1], now: Fixed.time) == .pause(.seconds(1)))
    }

    @Test("A cancelled task waits no longer, and the attempts behind it go on")
    func cancellation() async {
        let (throttle, now) = Self.strictThrottle()
        var attempts = (0..<3).map { _ in Self.attempt(throttle) }
        for index in attempts.indices { _ = throttle.enter(&attempts[index], now: now) }
        let cancelled = attempts[1]
        let waiting = Task { await throttle.wait(cancelled, atMost: .seconds(30)) }
        waiting.cancel()
        #expect(await waiting.value == false)
        throttle.giveUp(cancelled, now: now)
        throttle.leave(attempts[0], succeeded: true, now: now)
        #expect(await throttle.wait(attempts[2], atMost: .seconds(30)))
        #expect(throttle.enter(&attempts[2], now: now) == .admitted)
    }

    @Test("An attempt is queued for a bounded time")
    func bound() async {
        let asked = Recorder<Duration>()
        let throttle = LoginThrottle(sleep: { asked.add($0) })
        var attempts = (0..<4).map { _ in Self.attempt(throttle) }
        for index in attempts.indices { _ = throttle.enter(&attempts[index], now: Fixed.time) }
        #expect(await throttle.wait(attempts[3], atMost: .seconds(30)) == false)
        #expect(asked.all == [.seconds(30)])
    }

    @Test("A login that is queued for too long is refused, and its password is not looked at")
    func refusedLogin() async {
        let throttle = LoginThrottle(sleep: { _ in })
        let harness = PrincipalHarness(throttle: throttle)
        for _ in 0..<3 {
            var attempt = Self.attempt(throttle, from: harness.credentials().network)
            #expect(throttle.enter(&attempt, now: Fixed.time) == .admitted)
        }
        await expectRefused("Try again in a second") { _ = try await harness.logIn() }
        #expect(harness.outcomes.all == [.refused])
        #expect(harness.cryptography.checkedHashes.isEmpty)
    }

    @Test("Right, wrong and cancelled logins at once all end")
    func rush() async {
        let harness = PrincipalHarness(throttle: LoginThrottle(sleep: Self.never))
        let ended = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<600 {
                group.addTask {
                    let credentials = harness.credentials(address: "192.0.2.\(number % 7)", network: "\(number % 7)")
                    let password = number % 3 == 0 ? "wrong" : "right"
                    let login = Task {
                        try await harness.agent.authenticate(userName: "anna", password: password, credentials)
                    }
                    if number % 5 == 0 { login.cancel() }
                    _ = await login.result
                    return true
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(ended == 600)
        #expect(harness.outcomes.all.count == 600)
    }
}
