import AgentCore
import Cryptography
import NIOHTTP1
import TestSupport
import Testing
import WebhookModel

/// The forms of docs/contract.md#section-2.
enum EnvelopeForm: String, CaseIterable, Sendable {
    case documented, soap12, soap11
}

/// Calls as hand-written clients make them.
struct Callers: Sendable {
    let service: RunningService
    let kind: Installation.Kind
    let tenantName: String
    let token: String?
    let form: EnvelopeForm
    /// What a delivery that fails leaves behind.
    static let error = "Internal Server Error"

    init(
        service: RunningService,
        kind: Installation.Kind,
        tenant: String,
        token: String?,
        form: EnvelopeForm = .soap11
    ) {
        self.form = form
        self.service = service
        self.kind = kind
        tenantName = tenant
        self.token = token
    }

    /// The tenant that tickets are for.
    var tenant: String { kind == .hosted ? tenantName : "Default" }

    /// Cust1 with the applications app-1 and app-2, Cust2 with app-3; on-site the users of Cust1 alone. Every password is
    /// "right".
    static func installation(_ kind: Installation.Kind) -> Installation {
        func user(_ name: String, _ id: Int32, _ rights: Set<Right>) -> User {
            User(
                passwordHash: PasswordHash.cheap(ofPassword: "right").description,
                rights: rights,
                principal: Principal(
                    associate: Associate(associateID: id, name: name, fullName: name, userName: name)
                )
            )
        }
        let users = [user("anna", 5, [.webhooks]), user("carl", 7, [])]
        guard kind == .hosted else {
            return Installation(kind: .onSite, tenants: [Tenant(id: "Default", users: users)])
        }
        let applications = ["app-1", "app-2", "app-3"].map { Application(token: $0, name: "name of \($0)") }
        return Installation(
            kind: .hosted,
            tenants: [
                Tenant(id: "Cust1", applications: Array(applications[..<2]), users: users),
                Tenant(id: "Cust2", applications: [applications[2]], users: [user("bert", 6, [.webhooks])]),
            ]
        )
    }

    static func webhook(id: Int, target: String = RESTClient.target) -> String {
        "<Webhook><WebhookId>\(id)</WebhookId><Name>hook-of-app-1</Name>"
            + "<Events><string>contact.created</string></Events><TargetUrl>\(target)</TargetUrl></Webhook>"
    }

    /// Posts `body` and returns the answer's text.
    func call(
        _ body: String,
        service name: String = "Webhook",
        ticket: String?,
        token: String?
    ) async throws -> String {
        let ticket = ticket.map { "<Credentials><Ticket>\($0)</Ticket></Credentials>" } ?? ""
        let token = token.map { "<ApplicationToken>\($0)</ApplicationToken>" } ?? ""
        let version =
            form == .soap11 ? "http://schemas.xmlsoap.org/soap/envelope/" : "http://www.w3.org/2003/05/soap-envelope"
        let blocks = form == .documented ? token + ticket : "<s:Header>\(token)\(ticket)</s:Header>"
        let envelope = """
            <s:Envelope xmlns:s="\(version)" xmlns="http://www.superoffice.net/ws/crm/NetServer/Services87">\(blocks)\
            <s:Body>\(body)</s:Body></s:Envelope>
            """
        let path = (kind == .hosted ? "/" + tenantName : "") + "/Remote/Services87/\(name).svc"
        let answer = try await service.send(
            "POST",
            "http://127.0.0.1:\(service.port)\(path)",
            headers: ["Content-Type": form == .soap11 ? "text/xml" : "application/soap+xml"],
            body: Array(envelope.utf8)
        )
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
            .replacing(" xmlns=\"http://www.superoffice.net/ws/crm/NetServer/Services87\"", with: "")
    }

    /// The same whatever the form: elements without prefixes and attributes.
    func plainCall(
        _ body: String,
        service name: String = "Webhook",
        ticket: String?,
        token: String?
    ) async throws -> String {
        try await call(body, service: name, ticket: ticket, token: token).replacing(#/<(/?)(?:[\w-]+:)?(\w+)[^>]*>/#) {
            "<\($0.1)\($0.2)>"
        }
    }

    /// Logs in; the ticket, nil when the password is wrong.
    func login(_ user: String, _ password: String) async throws -> String? {
        let body = """
            <AuthenticateUsernamePassword><UserName>\(user)</UserName><Password>\(password)</Password>\
            </AuthenticateUsernamePassword>
            """
        let answer = try await plainCall(body, service: "SoPrincipal", ticket: nil, token: token)
        return answer.firstMatch(of: /<Ticket>([^<]+)<\/Ticket>/).map { String($0.1) }
    }

    /// Saves a webhook; its id.
    ///
    /// - Parameter fails: Whether its target does.
    func save(ticket: String, token: String, fails: Bool = false) async throws -> Int {
        let hook = Self.webhook(id: 0, target: fails ? ScriptedSender.failingURL : RESTClient.target)
        let answer = try await plainCall("<SaveWebhook>\(hook)</SaveWebhook>", ticket: ticket, token: token)
        return try #require(answer.firstMatch(of: /<WebhookId>(\d+)</).flatMap { Int($0.1) })
    }

    /// Signals an event and waits until the webhook has a last error.
    func fail(_ id: Int, ticket: String, token: String) async throws {
        let signal = "<SignalEvent><EventName>contact.created</EventName><PrimaryKey>1</PrimaryKey></SignalEvent>"
        _ = try await call(signal, ticket: ticket, token: token)
        let question = "<GetLastError><WebhookId>\(id)</WebhookId></GetLastError>"
        try await eventually("The webhook \(id) has a last error") {
            try await call(question, ticket: ticket, token: token).contains(Self.error)
        }
    }
}
