import AgentCore
import JSON
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// The REST front by webhooks: each operation has its method and path.
struct EntityCaller: Front {
    let rest: RESTClient

    func call(_ call: FrontCall, ticket: String?) async throws -> FrontAnswer {
        let rest = rest.carrying(ticket)
        let answer =
            switch call {
            case .createDefault: try await rest.call("GET", "/Webhook/default")
            case .save(let hook?) where hook.id != 0:
                try await rest.call("PUT", "/Webhook/\(hook.id)", hook.json)
            case .save(let hook): try await rest.call("POST", "/Webhook", hook?.json)
            case .get(let id): try await rest.call("GET", "/Webhook/\(id)")
            case .list(let name, let event, let state):
                try await rest.call(
                    "GET",
                    "/Webhook"
                        + RESTClient.query([
                            ("nameFilter", name), ("eventFilter", event), ("statusFilter", state),
                        ])
                )
            case .delete(let id): try await rest.call("DELETE", "/Webhook/\(id)")
            case .test(let hook): try await rest.call("POST", "/Webhook/Test", hook?.json)
            case .signal(let event, let key, let data):
                try await rest.call("POST", "/Webhook/\(RESTClient.encoded(event))/\(key)", data.map(Property.json))
            case .lastError(let id): try await rest.call("GET", "/Webhook/\(id)/LastError")
            }
        return try answer.frontAnswer(to: call)
    }
}

/// The REST front by operations.
struct AgentCaller: Front {
    let rest: RESTClient

    func call(_ call: FrontCall, ticket: String?) async throws -> FrontAnswer {
        let (operation, body): (String, String?) =
            switch call {
            case .createDefault: ("CreateDefaultWebhook", nil)
            case .save(let hook): ("SaveWebhook", hook?.json)
            case .get(let id): ("GetWebhook?webhookId=\(id)", nil)
            case .list(let name, let event, let state):
                (
                    "GetAllWebhooks",
                    Hook.object(
                        [("NameFilter", name), ("EventFilter", event), ("StatusFilter", state)].compactMap {
                            key,
                            value in
                            value.map { (key, JSONText.string($0)) }
                        }
                    )
                )
            case .delete(let id): ("DeleteWebhook", #"{"WebhookId": \#(id)}"#)
            case .test(let hook): ("TestWebhook", hook.map { #"{"Webhook": \#($0.json)}"# })
            case .signal(let event, let key, let data):
                (
                    "SignalEvent",
                    Hook.object([
                        ("EventName", JSONText.string(event)), ("PrimaryKey", String(key)),
                        ("Data", data.map(Property.json) ?? "null"),
                    ])
                )
            case .lastError(let id): ("GetLastError", #"{"WebhookId": \#(id)}"#)
            }
        let answer = try await rest.carrying(ticket).call("POST", "/Agents/Webhook/\(operation)", body)
        return try answer.frontAnswer(to: call)
    }
}

extension Property {
    /// As one JSON object.
    static func json(_ properties: [Property]) -> String {
        Hook.object(properties.map { ($0.key, $0.json) })
    }
}

extension RESTClient {
    /// The same with a ticket, or without credentials.
    func carrying(_ ticket: String?) -> RESTClient {
        guard let ticket else { return anonymous }
        return with(("Authorization", "SoTicket \(ticket)"))
    }

    /// What stands in a path or a query: all but RFC 3986's unreserved characters percent-encoded.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80, scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar) {
                return String(scalar)
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count < 2 ? "0" : "") + digits
        }
        .joined()
    }

    /// `?name=value&...`, nils left out.
    static func query(_ parameters: [(String, String?)]) -> String {
        let pairs = parameters.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}

extension RESTAnswer {
    /// What it says, as an answer to `call`.
    func frontAnswer(to call: FrontCall) throws -> FrontAnswer {
        if case .object(let members) = try? json, members.map(\.name).first == "Message", call.isSaveOrTestOfNothing {
            #expect(status == 200)
            #expect(members.map(\.name) == ["Message", "MessageDetail"], "\(text)")
            return .failed("SoInvalidArgumentException", "")
        }
        guard status < 400 else {
            let problem = try problem()
            let statuses = [
                "SoNotFoundException": 404, "SoSessionException": 401, "SoSentryException": 403,
                "SoInvalidArgumentException": 400, "SoValidationException": 400, "SoNotSupportedException": 400,
            ]
            #expect(status == statuses[problem.type], "\(text)")
            return .failed(problem.type, problem.message)
        }
        switch call {
        case .createDefault, .save, .get:
            #expect(status == 200)
            if case .null = try json { return .webhook(nil) }
            return .webhook(try Self.seen(json))
        case .list:
            #expect(status == 200)
            guard case .array(let webhooks) = try json else { throw Missing(path: "", text: text) }
            return .webhooks(try webhooks.map(Self.seen))
        case .test:
            #expect(status == 200)
            return .result(success: try member("Success") == "true", message: try textMember("Message"))
        case .lastError:
            #expect(status == 200)
            guard case .string(let error) = try json else { throw Missing(path: "", text: text) }
            return .text(error)
        case .delete, .signal:
            #expect(status == 204)
            #expect(body.isEmpty)
            return .nothing
        }
    }

    /// The members that Services87, which the SOAP callers call, has as well.
    private static let sharedMembers = Set(RESTWebhookTests.members.prefix { $0 != "ErrorsEmail" })

    private static func seen(_ webhook: JSONValue) throws -> SeenWebhook {
        guard case .object(let members) = webhook else { throw Missing(path: "", text: webhook.text) }
        var seen: SeenWebhook = [:]
        for member in members where sharedMembers.contains(member.name) {
            switch (member.name, member.value) {
            case ("Registered", .string(let time)), ("Updated", .string(let time)):
                seen[member.name] = time.hasPrefix("0001-01-01T00:00:00") ? "unset" : "set"
            case ("RegisteredAssociate", .object), ("UpdatedAssociate", .object):
                guard case .string(let name) = member.value["UserName"] else {
                    throw Missing(path: member.name, text: webhook.text)
                }
                seen[member.name] = name
            default: seen[member.name] = member.value.text
            }
        }
        return seen
    }
}

extension FrontCall {
    /// Whether it lacks a webhook, which agents' routes answer in a form of their own.
    fileprivate var isSaveOrTestOfNothing: Bool {
        switch self {
        case .save(nil), .test(nil): true
        default: false
        }
    }
}
