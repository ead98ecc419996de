import AgentCore
import TestSupport
import Testing

@Suite("Log lines of failed logins")
struct LoginLogTests {
    @Test("The log tells of failed logins, and no secret")
    func secrets() async throws {
        let harness = PrincipalHarness(.hosted)
        let agent = harness.agent
        let ticket = try await harness.logIn()
        let credentials = harness.credentials(ticket)
        _ = try await agent.caller(credentials)
        _ = try await agent.authenticate(userName: "anna", password: "mistaken", credentials)
        _ = try await agent.authenticate(accessToken: "stolen", credentials)
        let wrong = data([("Type", "ticket"), ("Ticket", "7T:guessed")])
        _ = try await agent.authenticate(data: wrong, credentials)
        let failures = harness.lines.all.filter { $0.contains("login failed") }
        #expect(failures.count == 3)
        #expect(failures.first?.contains("anna") == true)
        #expect(failures.allSatisfy { $0.contains("192.0.2.1") && $0.contains("Cust1") })
        let log = harness.lines.all.joined(separator: "\n")
        for secret in ["right", "mistaken", "stolen", "guessed", "hash:", "app-1", "7T:", ticket] {
            #expect(!log.contains(secret))
        }
    }

    @Test(
        "The name of a user stands in the log clipped and on one line",
        arguments: [
            "anna\nlogin failed", "anna\r\nx", "anna\u{2028}x\u{2029}y\u{85}z", "anna\u{0}\t\u{1B}[2J",
            "anna\(String(repeating: "x", count: 1000))", "anna address=127.0.0.1 tenant=other",
        ]
    )
    func longNames(name: String) async throws {
        let harness = PrincipalHarness()
        let login = try await harness.agent.authenticate(userName: name, password: "", harness.credentials())
        #expect(login == nil)
        let line = try #require(harness.lines.all.first)
        #expect(line.contains("'anna"))
        #expect(line.utf8.count < 500)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 32 })
        let breaks = line.contains { $0.isNewline }
        #expect(!breaks)
    }

    @Test("A user name of one very long character is clipped in the log")
    func longCharacter() async throws {
        let harness = PrincipalHarness()
        let name = "a" + String(repeating: "\u{301}", count: 10_000)
        let login = try await harness.agent.authenticate(userName: name, password: "", harness.credentials())
        #expect(login == nil)
        let line = try #require(harness.lines.all.first)
        #expect(line.utf8.count < 500)
    }
}
