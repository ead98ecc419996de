import JSON
import NetServerSOAP
import SOAP
import WebhookModel

/// What an answer shows: JSON, and of a webhook what XML shows beyond it.
struct RESTContent: Sendable {
    var json: JSONValue
    /// A webhook's headers: XML shows each of several that have one name.
    var headers: StringDictionary?
    /// A webhook's properties: XML shows their types.
    var properties: ObjectDictionary?

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
        guard case .object(let object) = json else { return Self.write(json, name, to: &writer) }
        writer.begin(name)
        for member in object {
            if member.name == "Headers", member.value != .null, let headers {
                writer.begin(member.name)
                headers.writeEntries(to: &writer)
                writer.end(member.name)
            } else if member.name == "Properties", member.value != .null, let properties {
                writer.begin(member.name)
                properties.writeEntries(to: &writer)
                writer.end(member.name)
            } else {
                Self.write(member.value, member.name, to: &writer)
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
        self.root = root
        self.content = content
    }

    /// Creates a document that XML shows nothing more of than JSON.
    init(root: String, json: JSONValue) {
        self.init(root: root, content: RESTContent(json: json))
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
