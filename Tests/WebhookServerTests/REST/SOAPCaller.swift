import AgentCore
import Foundation
import JSON
import NIOHTTP1
import StoreContracts
import Testing
import WebhookModel
import XML

/// The SOAP front, as toolkits call it.
struct SOAPCaller: Front {
    let service: RunningService
    let isSOAP12: Bool

    private static let services = "http://www.superoffice.net/ws/crm/NetServer/Services87"
    private static let instance = "http://www.w3.org/2001/XMLSchema-instance"

    func call(_ call: FrontCall, ticket: String?) async throws -> FrontAnswer {
        let (operation, arguments) = Self.message(call)
        let envelope = try await answer(operation, arguments, ticket: ticket)
        let header = try #require(envelope["Header"])
        guard header["Succeeded"]?.text == "true" else {
            let exception = try #require(header["ExceptionInfo"])
            let type = try #require(exception["ExceptionType"]?.text)
            try #require(type.hasPrefix("SuperOffice.Exceptions."))
            let message = try #require(exception["Message"]?.text)
            return .failed(String(type.dropFirst("SuperOffice.Exceptions.".count)), message)
        }
        let response = envelope["Body"]?[operation + "Response"]?["Response"]
        switch call {
        case .createDefault, .save, .get: return .webhook(try response.flatMap(Self.seen))
        case .list:
            let webhooks = try #require(response).children.map { $0 }
            return .webhooks(try webhooks.map { try #require(try Self.seen($0)) })
        case .test:
            return .result(
                success: try #require(response?["Success"]?.text) == "true",
                message: try #require(response?["Message"]?.text)
            )
        case .lastError: return .text(try #require(response).text)
        case .delete, .signal:
            #expect(response == nil)
            return .nothing
        }
    }

    /// Every webhook as it is stored, but for the times.
    func stored(ticket: String) async throws -> String {
        let envelope = try await text("GetAllWebhooks", "", ticket: ticket)
        let response = String(try #require(envelope.firstMatch(of: /(?s)<Response>.*<\/Response>/)).0)
        return response.replacing(/>20\d\d-[^<]*Z<\/(Registered|Updated)>/) { ">time</\($0.1)>" }
    }

    private func answer(_ operation: String, _ arguments: String, ticket: String?) async throws -> XML.XMLElement {
        let text = try await text(operation, arguments, ticket: ticket)
        return try XML.XMLDocument(parsing: Array(text.utf8)).root
    }

    private func text(_ operation: String, _ arguments: String, ticket: String?) async throws -> String {
        let version =
            isSOAP12 ? "http://www.w3.org/2003/05/soap-envelope" : "http://schemas.xmlsoap.org/soap/envelope/"
        let credentials = ticket.map { "<Credentials><Ticket>\($0)</Ticket></Credentials>" } ?? ""
        let envelope = """
            <s:Envelope xmlns:s="\(version)" xmlns="\(Self.services)" xmlns:n="\(Self.services)" \
            xmlns:i="\(Self.instance)" xmlns:x="http://www.w3.org/2001/XMLSchema" \
            xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">\
            <s:Header>\(credentials)</s:Header><s:Body><\(operation)>\(arguments)</\(operation)></s:Body></s:Envelope>
            """
        let type = isSOAP12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8"
        let answer = try await service.post(Array(envelope.utf8), contentType: type, action: nil)
        let text = String(decoding: answer.body, as: UTF8.self)
        try #require(answer.status == 200, "\(text)")
        return text
    }

    private static func message(_ call: FrontCall) -> (operation: String, arguments: String) {
        func filter(_ name: String, _ value: String?) -> String {
            value.map { "<\(name)>\(Hook.escaped($0))</\(name)>" } ?? ""
        }
        return switch call {
        case .createDefault: ("CreateDefaultWebhook", "")
        case .save(let hook): ("SaveWebhook", hook.map { "<Webhook>\($0.xml)</Webhook>" } ?? "")
        case .get(let id): ("GetWebhook", "<WebhookId>\(id)</WebhookId>")
        case .list(let name, let event, let state):
            (
                "GetAllWebhooks",
                filter("NameFilter", name) + filter("EventFilter", event) + filter("StatusFilter", state)
            )
        case .delete(let id): ("DeleteWebhook", "<WebhookId>\(id)</WebhookId>")
        case .test(let hook): ("TestWebhook", hook.map { "<Webhook>\($0.xml)</Webhook>" } ?? "")
        case .signal(let event, let key, let data):
            (
                "SignalEvent",
                "<EventName>\(Hook.escaped(event))</EventName><PrimaryKey>\(key)</PrimaryKey>"
                    + (data.map { "<Data>\(Property.pairs($0))</Data>" } ?? "")
            )
        case .lastError(let id): ("GetLastError", "<WebhookId>\(id)</WebhookId>")
        }
    }

    /// nil for a nil element.
    private static func seen(_ webhook: XML.XMLElement) throws -> SeenWebhook? {
        guard !isNil(webhook) else { return nil }
        var seen: SeenWebhook = [:]
        for member in webhook.children {
            let value: String
            switch member.name {
            case _ where isNil(member): value = "null"
            case "WebhookId": value = member.text
            case "Events": value = Hook.array(member.children.map(\.text))
            case "Headers":
                value = Hook.object(
                    try member.children.map {
                        (try #require($0["Key"]).text, JSONText.string(try #require($0["Value"]).text))
                    }
                )
            case "Properties": value = try object(member)
            case "Registered", "Updated": value = member.text.hasPrefix("0001-01-01T00:00:00") ? "unset" : "set"
            case "RegisteredAssociate", "UpdatedAssociate": value = try #require(member["UserName"]).text
            default: value = JSONText.string(member.text)
            }
            seen[member.name] = value
        }
        return seen
    }

    /// A `StringObjectDictionary` as JSON.
    private static func object(_ element: XML.XMLElement) throws -> String {
        Hook.object(
            try element.children.map { pair in
                (try #require(pair["Key"]).text, try value(try #require(pair["Value"])))
            }
        )
    }

    /// A value of type `anyType` as JSON.
    private static func value(_ element: XML.XMLElement) throws -> String {
        if isNil(element) { return "null" }
        let type = try #require(element.attribute("type", namespace: instance)?.split(separator: ":").last)
        return switch type {
        case "string": JSONText.string(element.text)
        case "ArrayOfstring": Hook.array(element.children.map(\.text))
        case "ArrayOfint": "[" + element.children.map(\.text).joined(separator: ",") + "]"
        case "StringObjectDictionary": try object(element)
        default: element.text
        }
    }

    private static func isNil(_ element: XML.XMLElement) -> Bool {
        element.attribute("nil", namespace: instance) == "true"
    }
}

extension XML.XMLElement {
    /// The first child of that local name.
    fileprivate subscript(name: String) -> XML.XMLElement? {
        children.first { $0.name == name }
    }
}
