import AgentCore
import HTTPRouting
import HTTPTypes
import JSON
import NetServerSOAP
import SOAP
import Text
import WebhookModel
import XML

/// How the arguments of a call are read, whatever the type of its body.
extension RESTService {
    static let noEntity = RESTError(
        .badRequest,
        .invalidArgument,
        "The request has no body; it must hold a webhook."
    )

    static func nothing(at target: Target) -> RESTError {
        RESTError(
            .notFound,
            .notFound,
            "There is nothing at this path; GET \(target.api)/v1 lists what there is."
        )
    }

    static func notFound(_ id: Int32) -> RESTError {
        RESTError(AgentError(.notFound, "There is no webhook with the id \(id)."))
    }

    func webhook(in body: RequestBody) throws(RESTError) -> Webhook {
        guard let webhook = try optionalWebhook(in: body, named: nil) else { throw Self.noEntity }
        return webhook
    }

    /// The webhook that the body is, or holds under that name; nil for none.
    func optionalWebhook(in body: RequestBody, named name: StaticString?) throws(RESTError) -> Webhook? {
        switch body {
        case .absent, .json(.null): return nil
        case .json(let node):
            let webhook = name.flatMap { node[$0.description] } ?? node
            if case .null = webhook { return nil }
            return try Webhook(webhook)
        case .form(let form): return try Webhook(form.object(), isForm: true)
        case .xml(let document):
            let element = name.flatMap { document.root.field($0, in: .any) } ?? document.root
            for (name, item) in RESTContent.collections { try element.field(name, in: .any)?.checkItems(item) }
            let state = try element.field("State", in: .any)?.token.map(JSONValue.string)?.state("State")
            var webhook = try mappingFaults { () throws(SOAPFault) in
                try Webhook(clientsPartOf: element, service: .any, state: state ?? .unknown, known: .all)
            }
            webhook.extras = try WebhookExtras(element)
            return webhook
        }
    }

    /// The event's data: the body, or what it holds under that name.
    func data(in body: RequestBody, named name: StaticString?) throws(RESTError) -> ObjectDictionary? {
        switch body {
        case .absent: return nil
        case .json(let node):
            guard let name else { return try node.objectMembers("The body") }
            return try node[name.description]?.objectMembers(name.description)
        case .form(let form):
            // Its names are the data's own, whatever they hold.
            guard let name else { return try form.fields.objectMembers("The body", isForm: true) }
            return try form.object()[name.description]?.objectMembers(name.description, isForm: true)
        case .xml(let document):
            guard let element = name.map({ document.root.field($0, in: .any) }) ?? document.root else {
                return nil
            }
            try element.checkItems("StringObjectKeyValuePair")
            return try mappingFaults { () throws(SOAPFault) in try ObjectDictionary(element, service: .any) }
        }
    }

    /// A member of the body, whatever its type.
    func field(_ name: StaticString, in body: RequestBody) throws(RESTError) -> JSONValue? {
        switch body {
        case .absent, .json(.null): return nil
        case .json(let node):
            guard case .object = node else { throw .argument("The body must be an object.") }
            return node[name.description]
        case .form(let form): return try form.object()[name.description]
        case .xml(let document):
            return document.root.field(name, in: .any).map { .string($0.text) }
        }
    }

    /// A number in the body. In XML, nothing but white space is as good as no number.
    func number(_ name: StaticString, in body: RequestBody) throws(RESTError) -> Int32? {
        guard let value = try field(name, in: body) else { return nil }
        if case .xml = body, case .string(let text) = value, text.trimmingXMLSpace.isEmpty { return nil }
        return try value.int32(name.description)
    }

    func id(_ call: Call, _ body: RequestBody) throws(RESTError) -> Int32 {
        let inBody = try number("WebhookId", in: body)
        if let text = call.query["webhookid"] { return try JSONValue.string(text).int32("webhookId") ?? 0 }
        guard let id = inBody else { throw .missing("webhookId") }
        return id
    }

    /// The id of the webhook that the body is, or holds.
    func id(of body: RequestBody) throws(RESTError) -> Int32 {
        switch body {
        case .absent: return 0
        case .json(let node): return try (node["Webhook"] ?? node)["WebhookId"]?.int32("WebhookId") ?? 0
        case .form(let form): return try form.object()["WebhookId"]?.int32("WebhookId") ?? 0
        case .xml(let document):
            let element = document.root.field("Webhook", in: .any) ?? document.root
            let text = element.field("WebhookId", in: .any)?.token
            return try text.map(JSONValue.string)?.int32("WebhookId") ?? 0
        }
    }

    private func mappingFaults<Value>(_ body: () throws(SOAPFault) -> Value) throws(RESTError) -> Value {
        do { return try body() } catch { throw .body(error.reason) }
    }
}

extension XMLElement {
    /// Checks that a collection's elements, if any, are its items: elements of another form would be lost.
    fileprivate func checkItems(_ name: String) throws(RESTError) {
        guard !isLeaf, !isEncodedArray, !children.contains(where: { $0.name.isSame(as: name) }) else { return }
        throw .body("the element \(Excerpt.quoted(self.name)) holds no element '\(name)'.")
    }
}

extension RESTService.Call {
    /// A number in the path.
    func number(_ parameter: String) throws(RESTError) -> Int32 {
        guard let number = route.number(parameter, in: target.path) else { throw RESTService.nothing(at: target) }
        return number
    }

    /// A text in the path.
    func text(_ parameter: String) -> String? { route.text(parameter, in: target.path) }
}
