import AgentCore
import SOAP
import Text

/// What an answer holds, before it is written as JSON or as XML.
indirect enum RESTValue: Sendable {
    case null
    case text(String)
    case number(Int)
    case flag(Bool)
    case texts([String?])
    case headers(StringDictionary)
    case properties(ObjectDictionary)
    case object([(name: StaticString, value: RESTValue)])
    /// `item` is what each is called in XML.
    case list(item: StaticString, [RESTValue])
}

/// An answer's content with the name that it has in XML.
struct RESTDocument: Sendable {
    let root: StaticString
    var value: RESTValue

    /// As JSON.
    var json: [UInt8] {
        var text = ""
        Self.write(value, to: &text)
        return Array(text.utf8)
    }

    /// As XML: elements in no namespace, `xsi:type` on values of type `anyType`.
    func xml(namespace: String) -> [UInt8] {
        var writer = XMLValueWriter(documentOf: namespace)
        Self.write(value, root, to: &writer)
        return writer.bytes
    }

    static func write(_ value: RESTValue, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .text(let content): text += JSONText.string(content)
        case .number(let number): text += String(number)
        case .flag(let flag): text += flag ? "true" : "false"
        case .texts(let items):
            text += "[" + items.map { $0.map(JSONText.string) ?? "null" }.joined(separator: ",") + "]"
        case .headers(let headers):
            // An object has a name once; the last is what counts to those who read one twice.
            var values: [ExactText: String?] = [:]
            for entry in headers.entries { values[ExactText(entry.key)] = entry.value }
            var shown: Set<ExactText> = []
            let members = headers.entries.map { ExactText($0.key) }.filter { shown.insert($0).inserted }.map {
                JSONText.string($0.text) + ":" + (values[$0].flatMap { $0.map(JSONText.string) } ?? "null")
            }
            text += "{" + members.joined(separator: ",") + "}"
        case .properties(let properties): text += properties.jsonText
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                text += (index == 0 ? "\"" : ",\"") + member.name.description + "\":"
                write(member.value, to: &text)
            }
            text += "}"
        case .list(_, let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                write(item, to: &text)
            }
            text += "]"
        }
    }

    static func write(_ value: RESTValue, _ name: StaticString, to writer: inout XMLValueWriter) {
        let element = name.description
        switch value {
        case .null: writer.null(element)
        case .text(let content): writer.string(element, content)
        case .number(let number): writer.string(element, String(number))
        case .flag(let flag): writer.boolean(element, flag)
        case .texts(let items):
            writer.begin(element)
            for item in items { writer.item("string", item) }
            writer.end(element)
        case .headers(let headers):
            writer.begin(element)
            headers.writeEntries(to: &writer)
            writer.end(element)
        case .properties(let properties):
            writer.begin(element)
            properties.writeEntries(to: &writer)
            writer.end(element)
        case .object(let members):
            writer.begin(element)
            for member in members { write(member.value, member.name, to: &writer) }
            writer.end(element)
        case .list(let item, let items):
            writer.begin(element)
            for value in items { write(value, item, to: &writer) }
            writer.end(element)
        }
    }
}
