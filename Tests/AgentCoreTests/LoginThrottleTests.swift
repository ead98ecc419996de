import AgentCore
import Synchronization
import TestSupport
import Testing

@Suite("Slowing down who guesses passwords")
struct LoginThrottleTests {
    private let throttle = LoginThrottle(hash: Places().place)
    private let clock = SteppedClock()

    private static func names(_ count: Int) -> [String] {
        (0..<count).map { "name \($0)" }
    }

    /// Of nil, the attempt is one with a token that nobody has.
    private func newAttempt(_ user: String? = nil, from address: String) -> LoginThrottle.Attempt {
        throttle.attempt(by: user ?? "no user", isGuessable: user != nil, from: address)
    }

    private func enter(_ user: String? = nil, from address: String) -> LoginThrottle.Admission {
        var attempt = newAttempt(user, from: address)
        return throttle.enter(&attempt, now: clock.now)
    }

    private func leave(_ user: String? = nil, from address: String, succeeded: Bool?) {
        throttle.leave(newAttempt(user, from: address), succeeded: succeeded, now: clock.now)
    }

    /// An attempt that is made as soon as it may be; how long it had to pause, nil when it was refused or queued.
    @discardableResult
    private func attempt(_ user: String? = nil, from address: String, succeeds: Bool = false) -> Duration? {
        var attempt = newAttempt(user, from: address)
        var waited = Duration.zero
        while true {
            switch throttle.enter(&attempt, now: clock.now) {
            case .admitted:
                throttle.leave(attempt, succeeded: succeeds, now: clock.now)
                return waited
            case .pause(let time):
                clock.advance(by: time)
                waited += time
            case .refused, .queued:
                throttle.giveUp(attempt, now: clock.now)
                return nil
            }
        }
    }

    private static func durations(_ milliseconds: [Int]) -> [Duration?] {
        milliseconds.map { .milliseconds($0) }
    }

    @Test("The first three failures of an address are free; then each attempt waits twice as long, up to five seconds")
    func addressWaits() {
        let expected = [0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]
        #expect(expected.map { _ in attempt(from: "address") } == Self.durations(expected))
    }

    @Test("Failures at one user from many addresses delay that user, by at most one second")
    func userWaits() {
        let expected = [0, 0, 0, 100, 200, 400, 800, 1000, 1000]
        #expect(Self.names(expected.count).map { attempt("anna", from: $0) } == Self.durations(expected))
    }

    @Test("Attempts at different users from one address wait for each other")
    func manyUsers() {
        let expected = [0, 0, 0, 100, 200, 400, 800, 1600]
        #expect(Self.names(expected.count).map { attempt($0, from: "address") } == Self.durations(expected))
    }

    @Test("The limits are those given")
    func givenLimits() {
        let limits = LoginThrottle.Limits(freeFailures: 1, firstPause: .seconds(1), longestPause: .seconds(2))
        let throttle = LoginThrottle(addresses: limits)
        var waits: [LoginThrottle.Admission] = []
        for _ in 0..<4 {
            var attempt = throttle.attempt(by: "token", isGuessable: false, from: "address")
            let admission = throttle.enter(&attempt, now: clock.now)
            waits.append(admission)
            if case .pause(let time) = admission {
                clock.advance(by: time)
                #expect(throttle.enter(&attempt, now: clock.now) == .admitted)
            }
            throttle.leave(attempt, succeeded: false, now: clock.now)
        }
        #expect(waits == [.admitted, .pause(.seconds(1)), .pause(.seconds(2)), .pause(.seconds(2))])
    }

    @Test("Three of the attempts at once are made, and others wait for them to end")
    func atOnce() {
        #expect((0..<3).map { _ in enter(from: "address") } == [.admitted, .admitted, .admitted])
        var attempt = newAttempt(from: "address")
        #expect(throttle.enter(&attempt, now: clock.now) == .queued)
        leave(from: "address", succeeded: true)
        #expect(throttle.enter(&attempt, now: clock.now) == .admitted)
    }

    @Test("After the free failures one attempt is made at a time")
    func oneAtATime() {
        for _ in 0..<3 { attempt(from: "address") }
        clock.advance(by: .seconds(1))
        #expect(enter(from: "address") == .admitted)
        var attempt = newAttempt(from: "address")
        #expect(throttle.enter(&attempt, now: clock.now) == .queued)
        leave(from: "address", succeeded: false)
        #expect(throttle.enter(&attempt, now: clock.now) == .pause(.milliseconds(200)))
    }

    @Test("Few of a thousand attempts at once wait, and the others are refused")
    func thousandAtOnce() {
        for _ in 0..<4 { attempt(from: "address") }
        let admissions = (0..<1000).map { _ in enter(from: "address") }
        #expect(admissions.first == .pause(.milliseconds(200)))
        #expect(admissions.dropFirst().prefix(15).allSatisfy { $0 == .queued })
        #expect(admissions.dropFirst(16).allSatisfy { $0 == .refused(for: .milliseconds(200)) })
    }

    @Test("An attempt that gives up its wait leaves the place to another")
    func givingUp() {
        for _ in 0..<4 { attempt(from: "address") }
        var attempts = (0..<16).map { _ in newAttempt(from: "address") }
        let admissions = attempts.indices.map { throttle.enter(&attempts[$0], now: clock.now) }
        #expect(admissions.first == .pause(.milliseconds(200)))
        #expect(admissions.dropFirst().allSatisfy { $0 == .queued })
        #expect(enter(from: "address") == .refused(for: .milliseconds(200)))
        throttle.giveUp(attempts[7], now: clock.now)
        #expect(enter(from: "address") == .queued)
    }

    @Test("Attempts made by many tasks at once all count")
    func concurrent() async {
        let throttle = throttle
        let admissions = await withTaskGroup(of: LoginThrottle.Admission.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    var attempt = throttle.attempt(by: "anna", isGuessable: true, from: "address")
                    return throttle.enter(&attempt, now: Fixed.time)
                }
            }
            return await group.reduce(into: [LoginThrottle.Admission]()) { $0.append($1) }
        }
        #expect(admissions.count { $0 == .admitted } == 3)
        #expect(admissions.count { $0 == .queued } == 197)
    }

    @Test("However many attempts at a user one address makes, others wait for that user a second at most")
    func otherAddresses() {
        let addresses = Self.names(2)
        let users = Self.names(2)
        for _ in 0..<100 { attempt(users[0], from: addresses[0]) }
        let wait = attempt(users[0], from: addresses[1], succeeds: true)
        #expect(wait.map { $0 <= .seconds(1) } == true)
        #expect(attempt(users[1], from: addresses[1]) == .zero)
    }

    @Test("One address's failures are nothing to another")
    func separateAddresses() {
        let addresses = Self.names(2)
        for _ in 0..<20 { attempt(from: addresses[0]) }
        #expect((0..<3).map { _ in attempt(from: addresses[1]) } == Self.durations([0, 0, 0]))
    }

    @Test("A user who has logged in from an address before does not wait there for others who try the name")
    func knownPair() {
        let addresses = Self.names(32)
        #expect(attempt("anna", from: addresses[0], succeeds: true) == .zero)
        for address in addresses.dropFirst(2) { attempt("anna", from: address) }
        #expect(enter("anna", from: addresses[1]) != .admitted)
        #expect(enter("anna", from: addresses[0]) == .admitted)
    }

    @Test("A user who is known at an address does not wait there for strangers who fail")
    func sharedAddress() {
        #expect(attempt("anna", from: "address", succeeds: true) == .zero)
        for number in 0..<40 { attempt("stranger \(number)", from: "address") }
        #expect(enter("bert", from: "address") != .admitted)
        #expect(attempt("anna", from: "address", succeeds: true) == .zero)
        for _ in 0..<3 { attempt("anna", from: "address") }
        #expect(enter("anna", from: "address") != .admitted, "but for the user's own failures")
    }

    @Test("A token that was right at an address before does not wait for others who fail there")
    func knownToken() {
        func attempt(_ token: String) -> LoginThrottle.Admission {
            var attempt = newAttempt(token)
            return throttle.enter(&attempt, now: clock.now)
        }
        func newAttempt(_ token: String) -> LoginThrottle.Attempt {
            throttle.attempt(by: token, isGuessable: false, from: "address")
        }
        #expect(attempt("right") == .admitted)
        throttle.leave(newAttempt("right"), succeeded: true, now: clock.now)
        for number in 0..<20 { self.attempt("stranger \(number)", from: "address") }
        #expect(attempt("another") != .admitted)
        #expect(attempt("right") == .admitted)
    }

    @Test("Failed tokens count against the address that sent them only")
    func tokensElsewhere() {
        for address in Self.names(20) { attempt(from: address) }
        #expect(attempt(from: "address") == .zero)
    }

    @Test("However many attempts at a user wait at one address, those from others are heard within a second")
    func waitingElsewhere() {
        for _ in 0..<8 { attempt("anna", from: "attacker") }
        for _ in 0..<200 { _ = enter("anna", from: "attacker") }
        let wait = attempt("anna", from: "address", succeeds: true)
        #expect(wait.map { $0 <= .seconds(1) } == true)
    }

    @Test("However many addresses try one user, few attempts wait")
    func waitingAtUser() {
        let addresses = Self.names(60)
        for address in addresses.prefix(8) { attempt("anna", from: address) }
        let admissions = addresses.suffix(50).map { enter("anna", from: $0) }
        #expect(admissions.count { if case .refused = $0 { false } else { true } } == 16)
    }

    /// Eight failures are made, and so much later a ninth; the tenth's wait says how many still count.
    @Test(
        "One failure in thirty seconds is forgotten",
        arguments: [(29, 3200), (31, 3200), (121, 400), (151, 200), (181, 100), (211, 0), (3600, 0)] as [(Int, Int)]
    )
    func forgetting(seconds: Int, milliseconds: Int) {
        for _ in 0..<8 { attempt(from: "address") }
        clock.advance(by: .seconds(seconds))
        #expect([attempt(from: "address"), attempt(from: "address")] == Self.durations([0, milliseconds]))
    }

    @Test("Failures that keep coming do not keep the old ones from being forgotten")
    func steadyFailures() {
        for _ in 0..<12 { attempt(from: "address") }
        for _ in 0..<40 {
            clock.advance(by: .seconds(31))
            attempt(from: "address")
        }
        clock.advance(by: .seconds(29))
        let waits = [attempt(from: "address"), attempt(from: "address")]
        #expect(waits.allSatisfy { $0.map { $0 <= .seconds(5) } ?? false })
        clock.advance(by: .seconds(61))
        #expect(attempt(from: "address") == .zero)
    }

    @Test("All is forgotten within minutes, however many attempts there were")
    func forgettingAll() {
        for _ in 0..<1000 { attempt(from: "address") }
        clock.advance(by: .seconds(600))
        #expect((0..<3).map { _ in attempt(from: "address") } == Self.durations([0, 0, 0]))
    }

    @Test("A success clears the user, and of the address takes nothing back")
    func success() {
        let addresses = Self.names(12)
        for address in addresses.prefix(8) { attempt("anna", from: address) }
        for _ in 0..<4 { attempt("bert", from: addresses[8]) }
        clock.advance(by: .seconds(1))
        #expect(attempt("anna", from: addresses[8], succeeds: true) == .zero)
        #expect(addresses.suffix(3).map { attempt("anna", from: $0) } == Self.durations([0, 0, 0]))
        clock.advance(by: .seconds(1))
        attempt("carl", from: addresses[8])
        #expect(attempt("carl", from: addresses[8]) == .milliseconds(400))
    }

    @Test("Successes alone are free")
    func successes() {
        for _ in 0..<100 { #expect(attempt("anna", from: "address", succeeds: true) == .zero) }
    }

    @Test("An attempt that could not be made counts for nothing")
    func notMade() {
        for _ in 0..<100 {
            #expect(enter("anna", from: "address") == .admitted)
            leave("anna", from: "address", succeeded: nil)
        }
    }

    @Test("A clock that is set back shuts nobody out", arguments: [1, 60, 3600, 400 * 86_400])
    func clockSetBack(seconds: Int) {
        let addresses = Self.names(10)
        for address in addresses.prefix(8) { attempt("anna", from: address) }
        for _ in 0..<8 { attempt(from: addresses[8]) }
        clock.advance(by: .seconds(-seconds))
        #expect(attempt(from: addresses[8]).map { $0 <= .seconds(5) } == true)
        #expect(attempt("anna", from: addresses[9]).map { $0 <= .seconds(1) } == true)
    }
}

/// Gives each key a place of its own, in every run the same.
private final class Places: Sendable {
    private let places = Mutex<[String: Int]>([:])

    func place(_ key: String) -> Int {
        places.withLock { places in
            let place = places[key] ?? places.count + 1
            places[key] = place
            return place
        }
    }
}
