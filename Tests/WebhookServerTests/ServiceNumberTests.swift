import Foundation
import NIOHTTP1
import NetServerSOAP
import Testing
import WSDL
import XML

@testable import WebhookServer

/// Each service number answers by its own published contract, and takes nothing from a webhook that its contract lacks.
@Suite("Service numbers", .timeLimit(.minutes(10)))
struct ServiceNumberTests {
    private static let saved = """
        {"Name": "hook", "Events": ["sale.changed"], "TargetUrl": "\(RESTClient.target)", "Headers": {"X-A": "1"},
        "Properties": {"a": 1}, "ErrorsEmail": "old@example.com", "ErrorEmails": ["a@example.com", null],
        "ErrorAssociates": [{"Id": 5, "Name": "tje0"}], "Description": "what it is for", "NotifyVia": "Email, InApp",
        "NotifyWhen": "Disabling"}
        """
    /// The members of it that no service number has.
    private static let extras = ["ErrorEmails", "ErrorAssociates", "Description", "NotifyVia", "NotifyWhen"]

    @Test(
        "Answers hold every member that the number's WSDL declares, in its order, and no other",
        arguments: ServiceNumber.allCases,
        NumberCaller.Form.allCases
    )
    func members(number: ServiceNumber, form: NumberCaller.Form) async throws {
        try await RunningService.with { service in
            _ = try await RESTClient(service: service).create(Self.saved)
            let webhooks = NumberCaller(service: service, name: .webhook, number: number, form: form)
            let webhook = "<n:Webhook>\(NumberCaller.webhook(id: 1))</n:Webhook>"
            let calls = [
                ("CreateDefaultWebhook", ""), ("GetWebhook", "<n:WebhookId>1</n:WebhookId>"), ("GetAllWebhooks", ""),
                ("SaveWebhook", webhook), ("TestWebhook", webhook), ("GetLastError", "<n:WebhookId>1</n:WebhookId>"),
                ("SignalEvent", "<n:EventName>a.b</n:EventName>"), ("DeleteWebhook", "<n:WebhookId>1</n:WebhookId>"),
            ]
            try await expect(calls, of: webhooks, toFit: PublishedContract.webhook(number: number.rawValue))
            let principals = NumberCaller(service: service, name: .soPrincipal, number: number, form: form)
            let logins = [
                ("GetSystemInfo", ""), ("AuthenticateImplicit", ""),
                ("AuthenticateUsernamePassword", "<n:UserName>tje0</n:UserName><n:Password>Tje0</n:Password>"),
            ]
            try await expect(logins, of: principals, toFit: PublishedContract.soPrincipal(number: number.rawValue))
        }
    }

    private func expect(
        _ calls: [(operation: String, arguments: String)],
        of caller: NumberCaller,
        toFit wsdl: String
    ) async throws {
        let schema = try PublishedSchema(wsdl: wsdl)
        for call in calls {
            let answer = try await caller.call(call.operation, call.arguments)
            #expect(answer.status == 200)
            let response = try #require(answer.body.children.first { _ in true })
            #expect(response.namespace == caller.number.namespace)
            #expect(schema.problems(of: response) == [], "\(call.operation) of \(caller.number.name)")
        }
    }

    @Test("AuthenticateWithAccessToken is no operation of Services85", arguments: NumberCaller.Form.allCases)
    func accessToken(form: NumberCaller.Form) async throws {
        try await RunningService.with { service in
            for number in ServiceNumber.allCases {
                let caller = NumberCaller(service: service, name: .soPrincipal, number: number, form: form)
                let answer = try await caller.call(
                    "AuthenticateWithAccessToken",
                    "<n:AccessToken>unknown</n:AccessToken>"
                )
                #expect(answer.status == (number == .services85 ? 500 : 200))
                #expect(answer.text.contains("ActionNotSupported") == (number == .services85), "\(answer.text)")
                if number == .services85 { #expect(answer.text.contains("Services85/SoPrincipal.svc")) }
            }
        }
    }

    @Test(
        "A save by a number's client keeps what its contract lacks, also where the client sends it",
        arguments: [ServiceNumber.services85, .services86, .services87]
    )
    func kept(number: ServiceNumber) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create(Self.saved)
            let before = try await rest.call("GET", "/Webhook/\(id)")
            let caller = NumberCaller(service: service, name: .webhook, number: number, form: .soap11)
            for unknown in ["", "<n:ErrorsEmail>new@example.com</n:ErrorsEmail><n:Description/>"] {
                let webhook = NumberCaller.webhook(id: id) + unknown
                #expect(try await caller.call("SaveWebhook", "<n:Webhook>\(webhook)</n:Webhook>").status == 200)
                let after = try await rest.call("GET", "/Webhook/\(id)")
                for name in ["ErrorsEmail"] + Self.extras {
                    #expect(try after.member(name) == before.member(name), "\(name)")
                }
                #expect(try after.member("Headers") == "null", "What the contract has is replaced.")
            }
        }
    }

    @Test("Services88 shows and replaces ErrorsEmail, and keeps the rest of what REST has")
    func errorsEmail() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create(Self.saved)
            let before = try await rest.call("GET", "/Webhook/\(id)")
            let caller = NumberCaller(service: service, name: .webhook, number: .services88, form: .soap12)
            let shown = try await caller.call("GetWebhook", "<n:WebhookId>\(id)</n:WebhookId>")
            #expect(shown.text.contains("<ErrorsEmail>old@example.com</ErrorsEmail>"))
            let steps = [
                ("<n:ErrorsEmail>new@example.com</n:ErrorsEmail>", #""new@example.com""#),
                ("<n:ErrorsEmail/>", #""""#), ("", "null"),
            ]
            for (sent, stored) in steps {
                let webhook = NumberCaller.webhook(id: id) + sent
                #expect(try await caller.call("SaveWebhook", "<n:Webhook>\(webhook)</n:Webhook>").status == 200)
                let after = try await rest.call("GET", "/Webhook/\(id)")
                #expect(try after.member("ErrorsEmail") == stored)
                for name in Self.extras { #expect(try after.member(name) == before.member(name), "\(name)") }
            }
        }
    }

    @Test("What Services87 creates has nothing in the members that it lacks")
    func created() async throws {
        try await RunningService.with { service in
            let caller = NumberCaller(service: service, name: .webhook, number: .services87, form: .soap11)
            let webhook = NumberCaller.webhook(id: 0) + "<n:ErrorsEmail>new@example.com</n:ErrorsEmail>"
            #expect(try await caller.call("SaveWebhook", "<n:Webhook>\(webhook)</n:Webhook>").status == 200)
            let shown = try await RESTClient(service: service).call("GET", "/Webhook/1")
            #expect(try shown.member("ErrorsEmail") == "null")
            #expect(try shown.member("NotifyVia") == #""None""#)
        }
    }
}

/// Calls a service by one of its numbers.
struct NumberCaller: Sendable {
    enum Form: CaseIterable, Sendable { case soap11, soap12, documented }

    let service: RunningService
    let name: ServiceName
    let number: ServiceNumber
    let form: Form

    struct Answer {
        var status: Int
        var text: String
        var body: XML.XMLElement
    }

    /// The members of a webhook that every number has.
    static func webhook(id: Int) -> String {
        """
        <n:WebhookId>\(id)</n:WebhookId><n:Name>saved</n:Name><n:Events><a:string>sale.changed</a:string></n:Events>\
        <n:TargetUrl>\(RESTClient.target)</n:TargetUrl>
        """
    }

    func call(_ operation: String, _ arguments: String) async throws -> Answer {
        let version = form == .soap11 ? "xmlsoap.org/soap/envelope/" : "w3.org/2003/05/soap-envelope"
        let host = form == .soap11 ? "http://schemas." : "http://www."
        let blocks = """
            <n:ApplicationToken>1234567-1234-9876</n:ApplicationToken>\
            <n:Credentials><n:Ticket>7T:1234abcxyzExample==</n:Ticket></n:Credentials>
            """
        let envelope = """
            <s:Envelope xmlns:s="\(host)\(version)" xmlns:n="\(number.namespace)" \
            xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">\
            \(form == .documented ? blocks : "<s:Header>\(blocks)</s:Header>")\
            <s:Body><n:\(operation)>\(arguments)</n:\(operation)></s:Body></s:Envelope>
            """
        let answer = try await service.send(
            "POST",
            "http://127.0.0.1:\(service.port)/Remote/\(number.name)/\(name.file)",
            headers: ["Content-Type": form == .soap11 ? "text/xml" : "application/soap+xml"],
            body: Array(envelope.utf8)
        )
        let root = try XML.XMLDocument(parsing: answer.body).root
        let body = try #require(root.children.first { $0.isNamed("Body") })
        return Answer(status: answer.status, text: String(decoding: answer.body, as: UTF8.self), body: body)
    }
}
