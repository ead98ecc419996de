import AgentCore
import Synchronization
import Testing

@Suite("Slowing down who guesses passwords")
struct LoginThrottleTests {
    private let throttle = LoginThrottle(hash: Places().place)
    private let clock = ManualClock()

    private static func names(_ count: Int) -> [String] {
        (0..<count).map { "name \($0)" }
    }

    /// Of nil, the attempt is one with a token that nobody has.
    private func turn(_ user: String? = nil, from address: String) -> LoginThrottle.Turn {
        throttle.turn(user ?? "no user", isGuessable: user != nil, address: address)
    }

    private func enter(_ user: String? = nil, from address: String) -> LoginThrottle.Admission {
        var turn = turn(user, from: address)
        return throttle.enter(&turn, now: clock.now)
    }

    private func leave(_ user: String? = nil, from address: String, succeeded: Bool?) {
        throttle.leave(turn(user, from: address), succeeded: succeeded, now: clock.now)
    }

    /// An attempt that is made as soon as it may be; how long it had to wait, nil when it was refused.
    @discardableResult
    private func attempt(_ user: String? = nil, from address: String, succeeds: Bool = false) -> Duration? {
        var turn = turn(user, from: address)
        var waited = Duration.zero
        while true {
            switch throttle.enter(&turn, now: clock.now) {
            case .now:
                throttle.leave(turn, succeeded: succeeds, now: clock.now)
                return waited
            case .wait(let time):
                clock.advance(by: time)
                waited += time
            case .refused: return nil
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

    @Test("So do attempts at one user from many addresses, up to one second")
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
        let limits = LoginThrottle.Limits(free: 1, firstPause: .seconds(1), longestPause: .seconds(2))
        let throttle = LoginThrottle(addresses: limits)
        var waits: [LoginThrottle.Admission] = []
        for _ in 0..<4 {
            var turn = throttle.turn("token", isGuessable: false, address: "address")
            let admission = throttle.enter(&turn, now: clock.now)
            waits.append(admission)
            if case .wait(let time) = admission {
                clock.advance(by: time)
                #expect(throttle.enter(&turn, now: clock.now) == .now)
            }
            throttle.leave(turn, succeeded: false, now: clock.now)
        }
        #expect(waits == [.now, .wait(.seconds(1)), .wait(.seconds(2)), .wait(.seconds(2))])
    }

    @Test("Of attempts at once three are made, and others wait for them to end")
    func atOnce() {
        #expect((0..<3).map { _ in enter(from: "address") } == [.now, .now, .now])
        var turn = turn(from: "address")
        #expect(throttle.enter(&turn, now: clock.now) == .wait(.milliseconds(20)))
        leave(from: "address", succeeded: true)
        #expect(throttle.enter(&turn, now: clock.now) == .now)
    }

    @Test("After the free failures one attempt is made at a time")
    func oneAtATime() {
        for _ in 0..<3 { attempt(from: "address") }
        clock.advance(by: .seconds(1))
        #expect(enter(from: "address") == .now)
        var turn = turn(from: "address")
        #expect(throttle.enter(&turn, now: clock.now) == .wait(.milliseconds(20)))
        leave(from: "address", succeeded: false)
        #expect(throttle.enter(&turn, now: clock.now) == .wait(.milliseconds(200)))
    }

    @Test("Of a thousand attempts at once few wait, and the others are refused")
    func thousandAtOnce() {
        for _ in 0..<4 { attempt(from: "address") }
        let admissions = (0..<1000).map { _ in enter(from: "address") }
        #expect(admissions.prefix(16).allSatisfy { $0 == .wait(.milliseconds(200)) })
        #expect(admissions.dropFirst(16).allSatisfy { $0 == .refused(for: .milliseconds(200)) })
    }

    @Test("Who gives a wait up leaves the place to another")
    func givingUp() {
        for _ in 0..<4 { attempt(from: "address") }
        var turns = (0..<16).map { _ in turn(from: "address") }
        for index in turns.indices {
            #expect(throttle.enter(&turns[index], now: clock.now) == .wait(.milliseconds(200)))
        }
        #expect(enter(from: "address") == .refused(for: .milliseconds(200)))
        throttle.giveUp(turns[7])
        #expect(enter(from: "address") == .wait(.milliseconds(200)))
    }

    @Test("Attempts made by many tasks at once all count")
    func concurrent() async {
        let throttle = throttle
        let admissions = await withTaskGroup(of: LoginThrottle.Admission.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    var turn = throttle.turn("anna", isGuessable: true, address: "address")
                    return throttle.enter(&turn, now: Fixed.time)
                }
            }
            return await group.reduce(into: [LoginThrottle.Admission]()) { $0.append($1) }
        }
        #expect(admissions.count { $0 == .now } == 3)
        #expect(admissions.count { $0 == .wait(.milliseconds(20)) } == 197)
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
        #expect(enter("anna", from: addresses[1]) != .now)
        #expect(enter("anna", from: addresses[0]) == .now)
    }

    @Test("Nor does such a user wait for a stranger who fails at the same address")
    func sharedAddress() {
        #expect(attempt("anna", from: "address", succeeds: true) == .zero)
        for number in 0..<40 { attempt("stranger \(number)", from: "address") }
        #expect(enter("bert", from: "address") != .now)
        #expect(attempt("anna", from: "address", succeeds: true) == .zero)
        for _ in 0..<3 { attempt("anna", from: "address") }
        #expect(enter("anna", from: "address") != .now, "but for the user's own failures")
    }

    @Test("A token that was right at an address before does not wait for others who fail there")
    func knownToken() {
        func attempt(_ token: String) -> LoginThrottle.Admission {
            var turn = turn(token)
            return throttle.enter(&turn, now: clock.now)
        }
        func turn(_ token: String) -> LoginThrottle.Turn {
            throttle.turn(token, isGuessable: false, address: "address")
        }
        #expect(attempt("right") == .now)
        throttle.leave(turn("right"), succeeded: true, now: clock.now)
        for number in 0..<20 { self.attempt("stranger \(number)", from: "address") }
        #expect(attempt("another") != .now)
        #expect(attempt("right") == .now)
    }

    @Test("Of the attempts with a token that others make, nobody elsewhere knows")
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
        #expect(admissions.count { if case .wait = $0 { true } else { false } } == 16)
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
            #expect(enter("anna", from: "address") == .now)
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
