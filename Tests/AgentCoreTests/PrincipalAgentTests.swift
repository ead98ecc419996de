import AgentCore
import Foundation
import Logging
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

@Suite("Identification of callers")
struct PrincipalAgentTests {
    @Test("On-site, application tokens are not looked at", arguments: [nil, "", "app-1", "nonsense"] as [String?])
    func onSiteTokens(token: String?) async throws {
        let harness = PrincipalHarness()
        let credentials = harness.credentials(token: token)
        let login = try await harness.agent.authenticate(userName: "anna", password: "right", credentials)
        let ticket = try #require(login).ticket
        let caller = try await harness.agent.caller(harness.credentials(ticket, token: token))
        #expect(caller == Caller(tenant: "Default", associate: Fixed.anna))
        #expect(caller.scope == WebhookScope(tenant: "Default"))
    }

    @Test(
        "Hosted, the application token says whose webhooks the caller sees",
        arguments: [("app-1", "Sync"), ("app-1b", "Import")]
    )
    func applications(token: String, name: String) async throws {
        let harness = PrincipalHarness(.hosted)
        let ticket = try await harness.logIn()
        let caller = try await harness.agent.caller(harness.credentials(ticket, token: token))
        #expect(caller == Caller(tenant: "Cust1", application: name, associate: Fixed.anna))
        #expect(caller.scope == WebhookScope(tenant: "Cust1", application: name))
    }

    @Test(
        "Hosted, every operation needs an application token of the tenant",
        arguments: [nil, "", "nonsense", "app-2", "APP-1"] as [String?]
    )
    func hostedTokens(token: String?) async throws {
        let harness = PrincipalHarness(.hosted)
        let agent = harness.agent
        let credentials = harness.credentials(try await harness.logIn(), token: token)
        let what = "application token"
        await expectRefused(what) { _ = try await agent.caller(credentials) }
        await expectRefused(what) {
            _ = try await agent.authenticate(userName: "anna", password: "right", credentials)
        }
        await expectRefused(what) { _ = try await agent.authenticate(accessToken: "key of anna", credentials) }
        await expectRefused(what) { _ = try await agent.authenticate(data: nil, credentials) }
        await expectRefused(what) { _ = try agent.authenticateImplicit(credentials) }
        await expectRefused(what) { try agent.checkApplicant(credentials) }
        #expect(harness.cryptography.checkedHashes.count == 1)
        #expect(harness.outcomes.all == [.succeeded])
        try agent.checkApplicant(harness.credentials())
    }

    @Test("A ticket that is missing, malformed, unknown or another tenant's is refused")
    func badTickets() async throws {
        let harness = PrincipalHarness(.hosted)
        let text = try await harness.logIn()
        let ticket = try #require(Ticket(text))
        let noSecret = String(repeating: "0", count: 32)
        for bad in [
            nil, "", "nonsense", "7T:", "7T:abcd", ticket.content,
            Ticket(secret: noSecret, number: 7, tenant: "Cust1").text,
            Ticket(secret: ticket.secret, number: 8, tenant: "Cust1").text,
            Ticket(secret: ticket.secret, number: 7, tenant: "Cust2").text,
        ] {
            await expectRefused("ticket") { _ = try await harness.agent.caller(harness.credentials(bad)) }
        }
        for bad in [text, Ticket(secret: ticket.secret, number: 7, tenant: "Cust2").text] {
            let elsewhere = Credentials(tenant: "Cust2", ticket: bad, applicationToken: "app-2", address: "192.0.2.1")
            await expectRefused("ticket") { _ = try await harness.agent.caller(elsewhere) }
        }
        _ = try await harness.agent.caller(harness.credentials(text))
    }

    @Test("A ticket is the same with a byte order mark, and ends with its session")
    func byteOrderMark() async throws {
        let harness = PrincipalHarness()
        let text = try await harness.logIn()
        let content = try #require(Ticket(text)).content
        let units = Array("\u{FEFF}\(content)".utf16)
        let bytes = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let marked = "7T:" + Data(bytes).base64EncodedString()
        for ticket in [marked, text] { _ = try await harness.agent.caller(harness.credentials(ticket)) }
        #expect(try await harness.agent.endSessions(matching: SessionFilter(userName: "anna")) == 1)
        for ticket in [marked, text] {
            await expectRefused("ticket") { _ = try await harness.agent.caller(harness.credentials(ticket)) }
        }
    }

    @Test("Hosted, a path names the tenant in any case; on-site it names none")
    func tenants() {
        let hosted = PrincipalHarness(.hosted).agent
        for name in ["Cust1", "cust1", "CUST1"] { #expect(hosted.tenant(named: name) == "Cust1") }
        for name in [nil, "", "Cust", "Cust3", "Default"] { #expect(hosted.tenant(named: name) == nil) }
        let onSite = PrincipalHarness().agent
        #expect(onSite.tenant(named: nil) == "Default")
        for name in ["Default", "default", "", "Cust1"] { #expect(onSite.tenant(named: name) == nil) }
    }

    @Test("An unknown tenant is refused", arguments: ["Cust3", "cust1", ""])
    func unknownTenant(tenant: String) async throws {
        let harness = PrincipalHarness(.hosted)
        let ticket = try await harness.logIn()
        let credentials = Credentials(tenant: tenant, ticket: ticket, applicationToken: "app-1", address: "192.0.2.1")
        await expectRefused("tenant") { _ = try await harness.agent.caller(credentials) }
    }

    @Test("A fixed ticket is good for ever, in its tenant, for a user who is configured")
    func fixedTickets() async throws {
        var installation = Installation.hosted
        installation.tenants[0].fixedTickets = ["7T:1234abcxyzExample==": "Anna", "7T:nobody": "nobody"]
        let harness = PrincipalHarness(installation)
        for _ in 0..<2 {
            let caller = try await harness.agent.caller(harness.credentials("7T:1234abcxyzExample=="))
            #expect(caller.associate == Fixed.anna)
            harness.clock.advance(by: .seconds(400 * 86_400))
        }
        await expectRefused("ticket") { _ = try await harness.agent.caller(harness.credentials("7T:nobody")) }
        let elsewhere = Credentials(
            tenant: "Cust2",
            ticket: "7T:1234abcxyzExample==",
            applicationToken: "app-2",
            address: "192.0.2.1"
        )
        await expectRefused("ticket") { _ = try await harness.agent.caller(elsewhere) }
    }

    // MARK: Several agents

    @Test("Agents on one store accept each other's tickets")
    func sharedStore() async throws {
        let one = PrincipalHarness(.hosted)
        let other = one.another()
        for (giver, taker) in [(one, other), (other, one)] {
            let ticket = try await giver.logIn()
            let caller = try await taker.agent.caller(taker.credentials(ticket))
            #expect(caller.associate == Fixed.anna)
        }
    }

    @Test("A session that is ended ends at once here, and within a second elsewhere")
    func revocation() async throws {
        let one = PrincipalHarness()
        let other = one.another()
        let ticket = try await one.logIn()
        let kept = try await one.logIn("bert", "berts own")
        for harness in [one, other] { _ = try await harness.agent.caller(harness.credentials(ticket)) }
        let filter = SessionFilter(tenant: "Default", userName: "ANNA")
        #expect(try await one.agent.endSessions(matching: filter) == 1)
        await expectRefused("ticket") { _ = try await one.agent.caller(one.credentials(ticket)) }
        one.clock.advance(by: .seconds(1))
        for harness in [one, other] {
            await expectRefused("ticket") { _ = try await harness.agent.caller(harness.credentials(ticket)) }
            _ = try await harness.agent.caller(harness.credentials(kept))
        }
        #expect(try await one.agent.endSessions(matching: filter) == 0)
    }

    @Test("Calls with name and password share a session, and get another when that one has been ended, also elsewhere")
    func sharedSession() async throws {
        let one = PrincipalHarness()
        let other = one.another()
        func ticket() async throws -> String {
            try await one.agent.caller(userName: "anna", password: "right", one.credentials()).ticket
        }
        let first = try await ticket()
        #expect(try await ticket() == first)
        for ending in [one, other] {
            let before = try await ticket()
            #expect(try await ending.agent.endSessions(matching: SessionFilter(userName: "anna")) == 1)
            one.clock.advance(by: .seconds(1))
            let after = try await ticket()
            #expect(after != before)
            #expect(try await one.agent.caller(one.credentials(after)).associate == Fixed.anna)
        }
    }

    @Test("A session is worthless once its user is no longer configured")
    func removedUser() async throws {
        let before = PrincipalHarness()
        let tickets = [try await before.logIn(), try await before.logIn("bert", "berts own")]
        var installation = Installation.onSite
        installation.tenants[0].users.removeAll { $0.name == "anna" }
        let after = before.another(installation)
        await expectRefused("ticket") { _ = try await after.agent.caller(after.credentials(tickets[0])) }
        #expect(try await after.agent.caller(after.credentials(tickets[1])).associate == Fixed.bert)
    }

    @Test("A caller has the rights that the user has now")
    func rights() async throws {
        let before = PrincipalHarness()
        let ticket = try await before.logIn("bert", "berts own")
        #expect(try await before.agent.caller(before.credentials(ticket)).rights.isEmpty)
        var installation = Installation.onSite
        installation.tenants[0].users[1].rights = [.webhooks]
        let after = before.another(installation)
        #expect(try await after.agent.caller(after.credentials(ticket)).rights == [.webhooks])
    }

    @Test("A store that fails is told by a reference, which the log explains")
    func brokenStore() async throws {
        let harness = PrincipalHarness(store: BrokenSessionStore())
        let ticket = Ticket(secret: String(repeating: "0", count: 32), number: 7, tenant: "Default").text
        let data = StringDictionary([.init(key: "Type", value: "ticket"), .init(key: "Ticket", value: ticket)])
        let credentials = harness.credentials(ticket)
        let agent = harness.agent
        for error in [
            await failure { _ = try await agent.caller(credentials) },
            await failure { _ = try await agent.authenticate(data: data, credentials) },
            await failure { _ = try await agent.authenticate(userName: "anna", password: "right", credentials) },
        ] {
            let error = try #require(error)
            #expect(error.kind == .server)
            let last = try #require(error.message.split(separator: " ").last)
            let reference = String(last)
            #expect(UUID(uuidString: reference) != nil)
            #expect(harness.lines.all.contains { $0.contains(reference) && $0.contains(BrokenStore.cause) })
            for text in [error.message, error.friendlyText] {
                #expect(text.contains(reference))
                #expect(!text.contains("I/O") && !text.contains("sqlite"))
            }
        }
    }
}
