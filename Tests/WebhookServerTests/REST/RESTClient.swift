import Foundation
import JSON
import NIOHTTP1
import Testing

@testable import WebhookServer

/// Calls a running service over REST.
struct RESTClient: Sendable {
    let service: RunningService
    /// What stands before `/api`: nothing on-site, the tenant hosted.
    var prefix = ""
    /// Sent with every call that has no others of these names.
    var headers: [(String, String)] = [("Authorization", RESTClient.basic("tje0", "Tje0"))]

    static let (json, xml, form) = ("application/json", "application/xml", "application/x-www-form-urlencoded")
    static let (jsonPatch, mergePatch) = ("application/json-patch+json", "application/merge-patch+json")

    /// What answers 200 to every notification.
    static let target = "http://127.0.0.1:9/hook"
    /// The least that can be saved.
    static let hook = #"{"Name": "hook", "Events": ["sale.changed"], "TargetUrl": "http://127.0.0.1:9/hook"}"#

    static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// Runs `body` with a client of a service that holds one webhook, which was created with `json`.
    static func holding(_ json: String, _ body: @Sendable (RESTClient) async throws -> Void) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(json)
            try await body(rest)
        }
    }

    /// The same without credentials.
    var anonymous: RESTClient { RESTClient(service: service, prefix: prefix, headers: []) }

    /// The same with these headers alone.
    func with(_ headers: (String, String)...) -> RESTClient {
        RESTClient(service: service, prefix: prefix, headers: headers)
    }

    /// - Parameters:
    ///   - path: What follows `/api/v1`; a whole path when it begins with `/api` or in another case.
    ///   - type: Sent with a body; nil to leave it out.
    func call(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        type: String? = RESTClient.json,
        headers own: [(String, String)] = []
    ) async throws -> RESTAnswer {
        try await send(method, path, body.map { Array($0.utf8) }, type: type, headers: own)
    }

    /// The same with a body that need not be text.
    func send(
        _ method: String,
        _ path: String,
        _ body: [UInt8]?,
        type: String?,
        headers own: [(String, String)] = []
    ) async throws -> RESTAnswer {
        var fields = HTTPHeaders(headers)
        if body != nil, let type { fields.replaceOrAdd(name: "Content-Type", value: type) }
        for (name, value) in own { fields.replaceOrAdd(name: name, value: value) }
        let whole = path.lowercased().hasPrefix("/api") ? path : "/api/v1" + path
        let answer = try await service.send(
            method,
            "http://127.0.0.1:\(service.port)\(prefix)\(whole)",
            headers: fields,
            body: body ?? []
        )
        return RESTAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }

    /// Creates a webhook; its id.
    func create(_ json: String = RESTClient.hook) async throws -> Int {
        let answer = try await call("POST", "/Webhook", json)
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(Int(try answer.member("WebhookId")))
    }

    /// How many webhooks the caller sees.
    func count() async throws -> Int {
        let answer = try await call("GET", "/Webhook")
        guard case .array(let webhooks) = try answer.json else { return -1 }
        return webhooks.count
    }

    /// Waits until every notification has been sent and its outcome recorded.
    func waitUntilIdle() async throws {
        let answer = try await service.send("GET", "http://127.0.0.1:\(service.port)/admin/v1/idle?timeout=60s")
        try #require(answer.status == 200)
    }
}
