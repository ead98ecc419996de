import AgentCore
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Logging in")
struct PrincipalLoginTests {
    // MARK: Passwords

    @Test("A user name in any case and its password give a ticket", arguments: ["anna", "ANNA", "aNNa"])
    func password(userName: String) async throws {
        let harness = PrincipalHarness(.hosted)
        let credentials = harness.credentials()
        let result = try await harness.agent.authenticate(userName: userName, password: "right", credentials)
        let login = try #require(result)
        #expect(login.principal == User.anna.principal)
        let ticket = try #require(Ticket(login.ticket))
        #expect(ticket.number == 7)
        #expect(ticket.tenant == "Cust1")
        #expect(try await harness.agent.caller(harness.credentials(login.ticket)).associate == Fixed.anna)
        let session = Session(
            key: SessionKey(digest: harness.cryptography.digest(of: Array(ticket.content.utf8))),
            tenant: "Cust1",
            userName: "anna",
            created: Fixed.time,
            used: Fixed.time
        )
        #expect(try await harness.stored() == [session])
    }

    @Test("Every login gives a ticket of its own")
    func ownTickets() async throws {
        let harness = PrincipalHarness()
        var tickets: Set<String> = []
        for _ in 0..<20 {
            let ticket = try await harness.logIn()
            tickets.insert(ticket)
        }
        #expect(tickets.count == 20)
        #expect(try await harness.stored().count == 20)
        for ticket in tickets { _ = try await harness.agent.caller(harness.credentials(ticket)) }
    }

    @Test(
        "Wrong, empty and missing names and passwords give no ticket, at the same cost",
        arguments: [
            ("anna", "wrong"), ("anna", "berts own"), ("anna", ""), ("anna", nil), ("nobody", "right"), ("nobody", ""),
            ("", "right"), ("", ""), (nil, "right"), (nil, nil), ("anna ", "right"), ("ann", "right"),
        ] as [(String?, String?)]
    )
    func wrong(userName: String?, password: String?) async throws {
        let harness = PrincipalHarness()
        let credentials = harness.credentials()
        let login = try await harness.agent.authenticate(userName: userName, password: password, credentials)
        #expect(login == nil)
        #expect(harness.outcomes.all == [.failed])
        #expect(try await harness.stored().isEmpty)
        let hashes = harness.cryptography.checkedHashes
        #expect(hashes.count == 1, "anna's, or somebody's for an unknown one")
        #expect(hashes.allSatisfy { ["hash:right", "hash:berts own"].contains($0) })
    }

    @Test("A tenant without users lets nobody in")
    func noUsers() async throws {
        let installation = Installation(kind: .onSite, tenants: [Tenant(id: "Default")])
        let harness = PrincipalHarness(installation)
        let login = try await harness.agent.authenticate(userName: "", password: "", harness.credentials())
        #expect(login == nil)
        #expect(try await harness.stored().isEmpty)
    }

    @Test("A password that was right is not checked again for five minutes")
    func verified() async throws {
        let harness = PrincipalHarness()
        _ = try await harness.logIn()
        harness.clock.advance(by: .seconds(300) - .nanoseconds(100))
        for name in ["anna", "ANNA"] { _ = try await harness.logIn(name) }
        #expect(harness.cryptography.checkedHashes.count == 1)
        harness.clock.advance(by: .nanoseconds(100))
        _ = try await harness.logIn()
        #expect(harness.cryptography.checkedHashes.count == 2)
    }

    @Test("What is remembered of a right password lets no other password, user or tenant in")
    func verifiedOnly() async throws {
        let harness = PrincipalHarness(.hosted)
        let agent = harness.agent
        _ = try await harness.logIn()
        let credentials = harness.credentials()
        #expect(try await agent.authenticate(userName: "anna", password: "right ", credentials) == nil)
        #expect(try await agent.authenticate(userName: "bert", password: "right", credentials) == nil)
        #expect(harness.cryptography.checkedHashes.count == 3)
        let elsewhere = Credentials(tenant: "Cust2", applicationToken: "app-2", address: "192.0.2.1")
        #expect(try await agent.authenticate(userName: "anna", password: "right", elsewhere) != nil)
        #expect(harness.cryptography.checkedHashes.count == 4)
    }

    // MARK: Other ways

    @Test("An access token logs its user in")
    func accessToken() async throws {
        let harness = PrincipalHarness()
        let result = try await harness.agent.authenticate(accessToken: "key of anna", harness.credentials())
        let login = try #require(result)
        #expect(login.principal == User.anna.principal)
        #expect(try await harness.agent.caller(harness.credentials(login.ticket)).associate == Fixed.anna)
        #expect(harness.outcomes.all == [.succeeded])
        #expect(harness.cryptography.checkedHashes.isEmpty)
    }

    @Test(
        "A token that is missing, unknown, another tenant's or of no user logs nobody in",
        arguments: [nil, "", "nonsense", "KEY OF ANNA", "key in Cust2", "key of nobody", "anna", "app-1"] as [String?]
    )
    func wrongAccessToken(token: String?) async throws {
        for installation in [Installation.onSite, .hosted] {
            let harness = PrincipalHarness(installation)
            #expect(try await harness.agent.authenticate(accessToken: token, harness.credentials()) == nil)
            #expect(harness.outcomes.all == [.failed])
            #expect(try await harness.stored().isEmpty)
        }
    }

    @Test(
        "A call with an access token is its application's, whatever application token is sent beside it",
        arguments: [nil, "", "app-1", "app-2", "nonsense"] as [String?]
    )
    func callWithAccessToken(token: String?) async throws {
        let hosted = PrincipalHarness(.hosted)
        let caller = try await hosted.agent.caller(accessToken: "key of anna", hosted.credentials(token: token))
        #expect(caller.scope == WebhookScope(tenant: "Cust1", application: "Import"))
        #expect(caller.associate == Fixed.anna)
        let onSite = PrincipalHarness()
        let local = try await onSite.agent.caller(accessToken: "key of anna", onSite.credentials(token: token))
        #expect(local.scope == WebhookScope(tenant: "Default"))
    }

    @Test(
        "Hosted, an access token without an application opens nothing, and SOAP's login with one needs an application token"
    )
    func accessTokenWithoutApplication() async {
        let harness = PrincipalHarness(.hosted)
        await expectRefused("names no application") {
            _ = try await harness.agent.caller(accessToken: "key of no application", harness.credentials())
        }
        await expectRefused("Authentication failed!") {
            _ = try await harness.agent.caller(accessToken: "key in Cust2", harness.credentials())
        }
        await expectRefused("application token") {
            _ = try await harness.agent.authenticate(accessToken: "key of anna", harness.credentials(token: nil))
        }
    }

    @Test("AuthenticationData says how to log in, its names and type in any case")
    func genericPassword() async throws {
        let harness = PrincipalHarness()
        for (type, names) in [
            ("usernamepassword", ["Type", "UserName", "Password"]),
            ("UserNamePassword", ["TYPE", "USERNAME", "PASSWORD"]),
            ("USERNAMEPASSWORD", ["type", "username", "password"]),
        ] {
            let right = data([(names[1], "Anna"), (names[2], "right"), (names[0], type)])
            let result = try await harness.agent.authenticate(data: right, harness.credentials())
            let login = try #require(result)
            #expect(login.principal == User.anna.principal)
            #expect(try await harness.agent.caller(harness.credentials(login.ticket)).associate == Fixed.anna)
        }
        let name: (String, String?) = ("UserName", "anna")
        for pairs in [[name, ("Password", "wrong")], [name, ("Password", nil)], [name], []] as [[(String, String?)]] {
            let wrong = data(pairs + [("Type", "usernamepassword")])
            #expect(try await harness.agent.authenticate(data: wrong, harness.credentials()) == nil)
        }
    }

    @Test("AuthenticationData of type ticket goes on with that ticket's session")
    func genericTicket() async throws {
        let harness = PrincipalHarness()
        let ticket = try await harness.logIn()
        for names in [["Type", "Ticket"], ["TYPE", "TICKET"]] {
            let right = data([(names[0], "Ticket"), (names[1], ticket)])
            let login = try await harness.agent.authenticate(data: right, harness.credentials())
            #expect(login?.ticket == ticket)
            #expect(login?.principal == User.anna.principal)
        }
        #expect(try await harness.stored().count == 1)
        for pairs in [[("Ticket", "7T:wrong")], [("Ticket", nil)], []] as [[(String, String?)]] {
            let wrong = data(pairs + [("Type", "ticket")])
            #expect(try await harness.agent.authenticate(data: wrong, harness.credentials()) == nil)
        }
        #expect(harness.outcomes.all == [.succeeded, .succeeded, .succeeded, .failed, .failed, .failed])
    }

    @Test("AuthenticationData without a type is an error, and so is one of any other type")
    func genericOther() async throws {
        let harness = PrincipalHarness()
        let agent = harness.agent
        let credentials = harness.credentials()
        for missing in [nil, data([]), data([("UserName", "anna"), ("Password", "right")])] {
            let error = await failure { _ = try await agent.authenticate(data: missing, credentials) }
            #expect(error?.kind == .invalidArgument)
            #expect(error?.message.contains("Type") == true)
        }
        let other = data([("Type", "saml"), ("UserName", "anna"), ("Password", "right")])
        let error = await failure { _ = try await agent.authenticate(data: other, credentials) }
        #expect(error?.kind == .notSupported)
        #expect(error?.message.contains("saml") == true)
    }

    @Test("No request arrives under an identity of its own")
    func implicit() throws {
        for harness in [PrincipalHarness(), PrincipalHarness(.hosted)] {
            #expect(try harness.agent.authenticateImplicit(harness.credentials()) == nil)
            #expect(harness.outcomes.all.isEmpty)
        }
    }
}
