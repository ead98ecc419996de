import AgentCore
import TestSupport
import Testing

@Suite("Delays of logins after failed ones")
struct LoginDelayTests {
    private static let strict = LoginThrottle.Limits(
        freeFailures: 1,
        firstPause: .seconds(31),
        longestPause: .seconds(31)
    )

    @Test("After some failures each attempt waits before its password is looked at")
    func waits() async throws {
        let harness = PrincipalHarness()
        for password in 1...6 {
            let credentials = harness.credentials()
            let login = try await harness.agent.authenticate(userName: "anna", password: "\(password)", credentials)
            #expect(login == nil)
        }
        #expect(harness.sleeps.all == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(harness.cryptography.checkedHashes.count == 6)
    }

    @Test("Attempts by access token wait as well; those by ticket, which cannot be guessed, do not")
    func waitsOfOthers() async throws {
        let harness = PrincipalHarness()
        let wrong = data([("Type", "ticket"), ("Ticket", "7T:wrong")])
        for _ in 0..<6 {
            #expect(try await harness.agent.authenticate(data: wrong, harness.credentials()) == nil)
        }
        #expect(harness.sleeps.all == [])
        for _ in 0..<6 {
            #expect(try await harness.agent.authenticate(accessToken: "wrong", harness.credentials()) == nil)
        }
        #expect(harness.sleeps.all == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test("Many right logins at once all succeed, and only few of them look at the password")
    func burst() async throws {
        let harness = PrincipalHarness()
        let logins = try await withThrowingTaskGroup(of: Login?.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await harness.agent.authenticate(userName: "anna", password: "right", harness.credentials())
                }
            }
            return try await group.reduce(into: [Login?]()) { $0.append($1) }
        }
        #expect(logins.count { $0 != nil } == 60)
        #expect(harness.cryptography.checkedHashes.count <= 3)
    }

    @Test("A password that was right lately is not heard either from an address that is refused")
    func rememberedPassword() async throws {
        let limits = LoginThrottle.Limits(freeFailures: 1, firstPause: .seconds(31), longestPause: .seconds(31))
        let harness = PrincipalHarness(throttle: LoginThrottle(addresses: limits))
        _ = try await harness.logIn()
        let stranger = harness.credentials(address: "203.0.113.66", network: "203.0.113.66")
        let agent = harness.agent
        #expect(try await agent.authenticate(userName: "anna", password: "wrong", stranger) == nil)
        await expectRefused("Try again") {
            _ = try await agent.authenticate(userName: "anna", password: "right", stranger)
        }
        _ = try await harness.logIn()
    }

    @Test("A password of more than a kilobyte is nobody's, and takes as long whoever it is for")
    func longPassword() async throws {
        let harness = PrincipalHarness()
        for name in ["anna", "nobody"] {
            let password = String(repeating: "x", count: 1025)
            let login = try await harness.agent.authenticate(userName: name, password: password, harness.credentials())
            #expect(login == nil)
        }
        #expect(harness.cryptography.checkedHashes == [])
    }

    @Test("The addresses of one network wait for each other")
    func network() async throws {
        let harness = PrincipalHarness()
        for number in 1...6 {
            let credentials = harness.credentials(address: "2001:db8::\(number)", network: "2001:db8::/64")
            let login = try await harness.agent.authenticate(userName: "\(number)", password: "", credentials)
            #expect(login == nil)
        }
        #expect(harness.sleeps.all == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test("An attempt that would wait too long is refused unheard")
    func refused() async throws {
        let harness = PrincipalHarness(throttle: LoginThrottle(addresses: Self.strict))
        let agent = harness.agent
        let credentials = harness.credentials()
        #expect(try await agent.authenticate(userName: "anna", password: "wrong", credentials) == nil)
        await expectRefused("Try again in 31 seconds") {
            _ = try await agent.authenticate(userName: "anna", password: "right", credentials)
        }
        await expectRefused("Try again") { _ = try await agent.authenticate(accessToken: "key of anna", credentials) }
        #expect(harness.cryptography.checkedHashes.count == 1)
        #expect(harness.outcomes.all == [.failed, .refused, .refused])
        #expect(harness.sleeps.all.isEmpty)
        #expect(try await harness.stored().isEmpty)
        harness.clock.advance(by: .seconds(31))
        _ = try await harness.logIn()
    }

    @Test("A wait that is broken off leaves the password unlooked at")
    func cancelled() async throws {
        let limits = LoginThrottle.Limits(freeFailures: 1, firstPause: .seconds(1), longestPause: .seconds(1))
        let harness = PrincipalHarness(throttle: LoginThrottle(addresses: limits), isCancelled: true)
        let credentials = harness.credentials()
        #expect(try await harness.agent.authenticate(userName: "anna", password: "wrong", credentials) == nil)
        await expectRefused("Try again") {
            _ = try await harness.agent.authenticate(userName: "anna", password: "right", credentials)
        }
        #expect(harness.cryptography.checkedHashes.count == 1)
        #expect(try await harness.stored().isEmpty)
    }

    @Test("An attempt is refused while too many passwords are being checked")
    func busy() async throws {
        let harness = PrincipalHarness()
        harness.cryptography.setBusy()
        await expectRefused("Try again") { _ = try await harness.logIn() }
        #expect(harness.outcomes.all == [.refused])
        #expect(try await harness.stored().isEmpty)
    }

    @Test("Every login attempt is reported to the login counter")
    func outcomes() async throws {
        let harness = PrincipalHarness()
        let agent = harness.agent
        let credentials = harness.credentials()
        _ = try await agent.authenticate(userName: "anna", password: "wrong", credentials)
        _ = try await agent.authenticate(userName: "anna", password: "right", credentials)
        _ = try await agent.authenticate(userName: "anna", password: "right", credentials)
        _ = try await agent.authenticate(accessToken: "wrong", credentials)
        _ = try await agent.authenticate(accessToken: "key of anna", credentials)
        #expect(harness.outcomes.all == [.failed, .succeeded, .succeeded, .failed, .succeeded])
    }
}
