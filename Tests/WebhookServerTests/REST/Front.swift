import AgentCore
import JSON
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// A front of the service as its clients use it.
protocol Front: Sendable {
    /// Makes a call with a ticket, or without.
    func call(_ call: FrontCall, ticket: String?) async throws -> FrontAnswer
}

/// Every way into the agent.
enum FrontKind: String, CaseIterable, Sendable {
    case soap11, soap12
    /// REST by webhook: `GET /Webhook/1`.
    case entity
    /// REST by operation: `POST /Agents/Webhook/GetWebhook`.
    case agent

    func front(_ service: RunningService) -> any Front {
        switch self {
        case .soap11: SOAPCaller(service: service, isSOAP12: false)
        case .soap12: SOAPCaller(service: service, isSOAP12: true)
        case .entity: EntityCaller(rest: RESTClient(service: service))
        case .agent: AgentCaller(rest: RESTClient(service: service))
        }
    }
}

/// An operation with its arguments.
enum FrontCall: Sendable {
    case createDefault
    case save(Hook?)
    case get(Int)
    case list(name: String? = nil, event: String? = nil, state: String? = nil)
    case delete(Int)
    case test(Hook?)
    case signal(String, key: Int32, data: [Property]? = nil)
    case lastError(Int)
}

/// What an operation answered, whatever carried it.
enum FrontAnswer: Equatable, Sendable {
    case nothing
    /// nil for a webhook that is not there.
    case webhook(SeenWebhook?)
    case webhooks([SeenWebhook])
    case result(success: Bool, message: String)
    case text(String)
    /// The last part of the exception's type. The message is left out where a front has its own words: about
    /// credentials, which each carries elsewhere, and about a webhook that is missing.
    case failure(type: String, message: String)

    static func failed(_ type: String, _ message: String) -> FrontAnswer {
        let hasOwnWords = ["SoSessionException", "SoInvalidArgumentException"].contains(type)
        return .failure(type: type, message: hasOwnWords ? "" : message)
    }
}

/// A webhook as a front showed it: its members as JSON, by name. Times only say whether they are set, associates who
/// they are.
typealias SeenWebhook = [String: String]

/// A webhook as it is sent.
struct Hook: Sendable {
    var id = 0
    var name: String? = "hook"
    var events: [String]? = ["sale.changed"]
    var target: String? = RESTClient.target
    var secret: String?
    var state: String?
    var type: String?
    var headers: [(String, String)]?
    var properties: [Property]?

    /// As JSON: what is nil is left out.
    var json: String {
        var members = [("WebhookId", String(id))]
        func text(_ name: String, _ value: String?) {
            if let value { members.append((name, JSONText.string(value))) }
        }
        text("Name", name)
        if let events { members.append(("Events", Self.array(events))) }
        text("TargetUrl", target)
        text("Secret", secret)
        text("State", state)
        text("Type", type)
        if let headers { members.append(("Headers", Self.object(headers.map { ($0, JSONText.string($1)) }))) }
        if let properties { members.append(("Properties", Self.object(properties.map { ($0.key, $0.json) }))) }
        return Self.object(members)
    }

    /// As the content of an element `Webhook`: what is nil is left out.
    var xml: String {
        var members = "<WebhookId>\(id)</WebhookId>"
        func text(_ name: String, _ value: String?) {
            if let value { members += "<\(name)>\(Self.escaped(value))</\(name)>" }
        }
        text("Name", name)
        if let events {
            members += "<Events>" + events.map { "<a:string>\(Self.escaped($0))</a:string>" }.joined() + "</Events>"
        }
        text("TargetUrl", target)
        text("Secret", secret)
        text("State", state)
        text("Type", type)
        if let headers {
            let pairs = headers.map { key, value in
                "<StringKeyValuePair><Key>\(key)</Key><Value>\(Self.escaped(value))</Value></StringKeyValuePair>"
            }
            members += "<Headers>\(pairs.joined())</Headers>"
        }
        if let properties { members += "<Properties>\(Property.pairs(properties))</Properties>" }
        return members
    }

    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { JSONText.string($0) + ":" + $1 }.joined(separator: ",") + "}"
    }

    static func array(_ items: [String]) -> String {
        "[" + items.map(JSONText.string).joined(separator: ",") + "]"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}

/// A typed value with its name, as each front writes it.
struct Property: Sendable {
    let key: String
    let json: String
    /// The element `Value`.
    let xml: String

    static func text(_ key: String, _ value: String) -> Property {
        Property(
            key: key,
            json: JSONText.string(value),
            xml: #"<Value i:type="x:string">\#(Hook.escaped(value))</Value>"#
        )
    }

    /// A number or boolean, whose text is the same in both.
    static func scalar(_ key: String, _ type: String, _ value: String) -> Property {
        Property(key: key, json: value, xml: #"<Value i:type="x:\#(type)">\#(value)</Value>"#)
    }

    static func null(_ key: String) -> Property {
        Property(key: key, json: "null", xml: #"<Value i:nil="true"/>"#)
    }

    static func texts(_ key: String, _ items: [String]) -> Property {
        let elements = items.map { "<a:string>\(Hook.escaped($0))</a:string>" }.joined()
        return Property(
            key: key,
            json: Hook.array(items),
            xml: #"<Value i:type="a:ArrayOfstring">\#(elements)</Value>"#
        )
    }

    static func ints(_ key: String, _ items: [Int32]) -> Property {
        Property(
            key: key,
            json: "[" + items.map(String.init).joined(separator: ",") + "]",
            xml: #"<Value i:type="a:ArrayOfint">\#(items.map { "<a:int>\($0)</a:int>" }.joined())</Value>"#
        )
    }

    static func object(_ key: String, _ members: [Property]) -> Property {
        Property(
            key: key,
            json: Hook.object(members.map { ($0.key, $0.json) }),
            xml: #"<Value i:type="n:StringObjectDictionary">\#(pairs(members))</Value>"#
        )
    }

    /// As pairs of a `StringObjectDictionary`.
    static func pairs(_ properties: [Property]) -> String {
        properties.map {
            "<StringObjectKeyValuePair><Key>\(Hook.escaped($0.key))</Key>\($0.xml)</StringObjectKeyValuePair>"
        }
        .joined()
    }
}
