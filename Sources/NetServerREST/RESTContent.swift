import JSON
import NetServerSOAP
import SOAP
import WebhookModel

/// What an answer shows: JSON, or a webhook, of which XML shows more than JSON does.
enum RESTContent: Sendable {
    /// A member of a webhook.
    enum Member: Sendable {
        case value(JSONValue)
        /// Headers: XML shows each of several that have one name.
        case headers(StringDictionary)
        /// Properties: XML shows their types.
        case properties(ObjectDictionary)

        /// The member as JSON, which is made when it is asked for.
        var json: JSONValue {
            switch self {
            case .value(let value): value
            case .headers(let headers): JSONValue(headers)
            case .properties(let properties): JSONValue(properties)
            }
        }
    }

    case value(JSONValue)
    case webhook([(name: String, member: Member)])

    /// The content as JSON.
    var json: JSONValue {
        switch self {
        case .value(let value): value
        case .webhook(let members): .object(JSONObject(members.lazy.map { ($0.name, $0.member.json) }))
        }
    }

    /// The members of a webhook that hold elements in XML, and what these are called.
    static let collections: [(name: StaticString, item: String)] = [
        ("Events", "string"), ("Headers", "StringKeyValuePair"), ("Properties", "StringObjectKeyValuePair"),
        ("ErrorEmails", "string"), ("ErrorAssociates", "MDOListItem"),
    ]

    private static let itemNames = Dictionary(
        uniqueKeysWithValues: (collections + [("ChildItems", "MDOListItem")]).map { ($0.name.description, $0.item) }
    )

    /// Writes the content as an XML element.
    func write(_ name: String, to writer: inout XMLValueWriter) {
        guard case .webhook(let members) = self else { return Self.write(json, name, to: &writer) }
        writer.begin(name)
        for (name, member) in members {
            switch member {
            case .value(let value): Self.write(value, name, to: &writer)
            case .headers(let headers):
                writer.begin(name)
                headers.writeEntries(to: &writer)
                writer.end(name)
            case .properties(let properties):
                writer.begin(name)
                properties.writeEntries(to: &writer)
                writer.end(name)
            }
        }
        writer.end(name)
    }

    /// Writes a value as an XML element.
    static func write(_ value: JSONValue, _ name: String, to writer: inout XMLValueWriter) {
        switch value {
        case .null: writer.null(name)
        case .bool(let flag): writer.boolean(name, flag)
        case .number(let text), .string(let text): writer.string(name, text)
        case .array(let items):
            writer.begin(name)
            for item in items { write(item, itemNames[name, default: "item"], to: &writer) }
            writer.end(name)
        case .object(let object):
            writer.begin(name)
            for member in object { write(member.value, member.name, to: &writer) }
            writer.end(name)
        }
    }
}

/// An answer's content with the name that it has in XML.
struct RESTDocument: Sendable {
    let root: String
    var content: RESTContent

    /// Creates a document.
    init(root: String, content: RESTContent) {
        (self.root, self.content) = (root, content)
    }

    /// Creates a document that XML shows nothing more of than JSON.
    init(root: String, json: JSONValue) {
        self.init(root: root, content: .value(json))
    }

    /// The document as JSON.
    var json: [UInt8] { Array(content.json.text.utf8) }

    /// The document as XML: elements in no namespace, `xsi:type` on values of type `anyType`.
    func xml(namespace: String) -> [UInt8] {
        var writer = XMLValueWriter(documentOf: namespace)
        content.write(root, to: &writer)
        return writer.bytes
    }
}
