import AgentCore
import Cryptography
import Foundation
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import Stores
import Synchronization
import TestSupport
import Testing
import WebhookModel
import WebhookServer

/// Who may call what (docs/contract.md#section-5): every kind of installation, ticket and application token with every
/// operation.
@Suite("Callers", .timeLimit(.minutes(10)))
struct CallerTableTests {
    enum SentTicket: CaseIterable { case good, missing, wrong, expired, otherTenants }
    enum SentToken: CaseIterable { case good, missing, wrong, otherApplications, otherTenants }

    /// What a cell of the table answers.
    enum Expected: Equatable {
        case succeeds
        /// It succeeds, and behaves as if the other application's webhook did not exist.
        case seesNothing
        case refused(type: String, naming: String)
    }

    static func expected(
        _ kind: Installation.Kind,
        _ ticket: SentTicket,
        _ token: SentToken,
        _ called: WebhookOperation
    ) -> Expected {
        if kind == .hosted, token != .good, token != .otherApplications {
            return .refused(type: "SoSessionException", naming: "application token")
        }
        guard ticket == .good else { return .refused(type: "SoSessionException", naming: "ticket") }
        guard kind == .hosted, token == .otherApplications else { return .succeeds }
        switch called {
        case .saveWebhook: return .refused(type: "SoNotFoundException", naming: "no webhook with the id")
        case .getWebhook, .getAllWebhooks, .deleteWebhook, .getLastError: return .seesNothing
        case .createDefaultWebhook, .testWebhook, .signalEvent: return .succeeds
        }
    }

    @Test(
        "Each cell of the table answers as it should",
        arguments: Installation.Kind.allCases,
        EnvelopeForm.allCases
    )
    func table(kind: Installation.Kind, form: EnvelopeForm) async throws {
        let clock = SteppedClock { Timestamp(Date()) }
        try await RunningService.with(
            settings: { settings in
                settings.installation = Callers.installation(kind)
                settings.rules.verifiesTarget = false
            },
            now: { clock.now }
        ) { service in
            let own = Callers(service: service, kind: kind, tenant: "Cust1", token: "app-1", form: form)
            let other = Callers(service: service, kind: kind, tenant: "Cust2", token: "app-3", form: form)
            let expired = try #require(try await own.login("anna", "right"))
            clock.advance(by: .seconds(7 * 3600))
            let good = try #require(try await own.login("anna", "right"))
            let foreign: String
            if kind == .hosted {
                foreign = try #require(try await other.login("bert", "right"))
            } else {
                foreign = Ticket(secret: String(repeating: "a", count: 32), number: 5, tenant: "Cust2").text
            }
            for called in WebhookOperation.allCases {
                for ticket in SentTicket.allCases {
                    for token in SentToken.allCases {
                        let id = try await own.save(ticket: good, token: "app-1", fails: called == .getLastError)
                        if called == .getLastError { try await own.fail(id, ticket: good, token: "app-1") }
                        let sentTicket: String? =
                            switch ticket {
                            case .good: good
                            case .missing: nil
                            case .wrong:
                                Ticket(secret: String(repeating: "0", count: 32), number: 5, tenant: own.tenant).text
                            case .expired: expired
                            case .otherTenants: foreign
                            }
                        let sentToken: String? =
                            switch token {
                            case .good: "app-1"
                            case .missing: nil
                            case .wrong: "app-9"
                            case .otherApplications: "app-2"
                            case .otherTenants: "app-3"
                            }
                        let answer = try await own.plainCall(
                            Self.body(called, id),
                            ticket: sentTicket,
                            token: sentToken
                        )
                        let cell = Comment("\(kind) \(ticket) ticket, \(token) token, \(called): \(answer)")
                        switch Self.expected(kind, ticket, token, called) {
                        case .succeeds:
                            #expect(answer.contains(">true</Succeeded>"), cell)
                            Self.expectContent(of: called, id, in: answer, cell)
                        case .seesNothing:
                            #expect(answer.contains(">true</Succeeded>"), cell)
                            #expect(!answer.contains("hook-of-app-1") && !answer.contains(Callers.error), cell)
                        case .refused(let type, let naming):
                            #expect(answer.contains(">false</Succeeded>"), cell)
                            #expect(answer.contains("<ExceptionType>SuperOffice.Exceptions.\(type)<"), cell)
                            #expect(answer.contains(naming), cell)
                            #expect(!answer.contains("hook-of-app-1") && !answer.contains(Callers.error), cell)
                        }
                        let stays = called != .deleteWebhook || Self.expected(kind, ticket, token, called) != .succeeds
                        let now = try await own.plainCall(Self.body(.getWebhook, id), ticket: good, token: "app-1")
                        #expect(now.contains("<Name>hook-of-app-1</Name>") == stays, cell)
                        _ = try await own.call(Self.body(.deleteWebhook, id), ticket: good, token: "app-1")
                    }
                }
            }
        }
    }

    private static func body(_ called: WebhookOperation, _ id: Int) -> String {
        let hook = Callers.webhook(id: id)
        let content =
            switch called {
            case .createDefaultWebhook: ""
            case .saveWebhook, .testWebhook: hook
            case .getWebhook, .deleteWebhook, .getLastError: "<WebhookId>\(id)</WebhookId>"
            case .getAllWebhooks: ""
            case .signalEvent: "<EventName>no.listener</EventName><PrimaryKey>1</PrimaryKey>"
            }
        return "<\(called.rawValue)>\(content)</\(called.rawValue)>"
    }

    private static func expectContent(of called: WebhookOperation, _ id: Int, in answer: String, _ cell: Comment) {
        switch called {
        case .createDefaultWebhook: #expect(answer.contains("<WebhookId>0</WebhookId>"), cell)
        case .saveWebhook, .getWebhook, .getAllWebhooks: #expect(answer.contains("<WebhookId>\(id)</WebhookId>"), cell)
        case .testWebhook: #expect(answer.contains("<Success>true</Success>"), cell)
        case .getLastError: #expect(answer.contains(Callers.error), cell)
        case .deleteWebhook, .signalEvent: #expect(answer.contains("\(called.rawValue)Response"), cell)
        }
    }

    @Test("Without the right to webhooks a user may signal and nothing else", arguments: WebhookOperation.allCases)
    func rights(called: WebhookOperation) async throws {
        try await RunningService.with(settings: { $0.installation = Callers.installation(.onSite) }) { service in
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            let ticket = try #require(try await callers.login("carl", "right"))
            let answer = try await callers.call(Self.body(called, 0), ticket: ticket, token: nil)
            if called == .signalEvent {
                #expect(answer.contains(">true</Succeeded>"))
            } else {
                #expect(answer.contains("<ExceptionType>SuperOffice.Exceptions.SoSentryException<"))
            }
        }
    }

    @Test("A path that names no tenant of a hosted installation is not found, nor one that names any on-site")
    func tenantPaths() async throws {
        for kind in Installation.Kind.allCases {
            try await RunningService.with(settings: { $0.installation = Callers.installation(kind) }) { service in
                let base = "http://127.0.0.1:\(service.port)"
                let paths = ["", "/Cust1", "/CUST1", "/Cust3", "/Default"]
                for path in paths {
                    for file in ["Webhook.svc", "SoPrincipal.svc?wsdl"] {
                        let status = try await service.send("GET", "\(base)\(path)/Remote/Services87/\(file)").status
                        let isFound = kind == .hosted ? path.lowercased() == "/cust1" : path.isEmpty
                        #expect(status == (isFound ? 200 : 404), "\(kind) \(path)")
                    }
                }
            }
        }
    }

    @Test("The WSDL's address has the tenant as it is configured")
    func tenantAddress() async throws {
        try await RunningService.with(settings: { $0.installation = Callers.installation(.hosted) }) { service in
            let base = "http://127.0.0.1:\(service.port)"
            let answer = try await service.send("GET", "\(base)/cust1/remote/services86/soprincipal.svc?wsdl")
            let address = try DescriptionTests.binding(answer.body).address
            #expect(address == "\(base)/Cust1/Remote/Services86/SoPrincipal.svc")
        }
    }

    @Test("A session ends when its user is no longer configured, and survives a new process on the same file")
    func restart() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "callers-\(UUID()).db").path
        defer {
            for suffix in ["", "-wal", "-shm", "-lock"] { try? FileManager.default.removeItem(atPath: file + suffix) }
        }
        let ticket = try await RunningService.with(settings: { settings in
            settings.store = .sqlite(path: file)
            settings.installation = Callers.installation(.onSite)
        }) { service in
            try await Callers(service: service, kind: .onSite, tenant: "Default", token: nil).login("anna", "right")
        }
        for isConfigured in [true, false] {
            try await RunningService.with(settings: { settings in
                settings.store = .sqlite(path: file)
                settings.installation = Callers.installation(.onSite)
                if !isConfigured { settings.installation.tenants[0].users.removeFirst() }
            }) { service in
                let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
                let answer = try await callers.call(Self.body(.getAllWebhooks, 0), ticket: ticket, token: nil)
                #expect(answer.contains(">\(isConfigured)</Succeeded>"))
            }
        }
    }
}
