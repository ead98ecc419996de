import JSON
import NetServerSOAP
import SOAP
import WebhookModel
import XML

/// How REST reads the members of ``WebhookExtras`` that only REST has, and how REST shows items of lists.
extension WebhookExtras {
    /// Reads a webhook's JSON, names in any case.
    init(_ node: JSONValue) throws(RESTError) {
        self.init()
        errorsEmail = try node["ErrorsEmail"]?.text("ErrorsEmail")
        errorEmails = try node["ErrorEmails"]?.texts("ErrorEmails")
        errorAssociates = try node["ErrorAssociates"]?.listItems("ErrorAssociates")
        description = try node["Description"]?.text("Description")
        notifyVia = try node["NotifyVia"]?.flags("NotifyVia") ?? []
        notifyWhen = try node["NotifyWhen"]?.flags("NotifyWhen") ?? []
    }

    /// Reads a webhook's XML.
    init(_ element: XMLElement) throws(RESTError) {
        self.init()
        do throws(SOAPFault) {
            errorsEmail = try element.field("ErrorsEmail", in: .any)?.string()
            errorEmails = try element.field("ErrorEmails", in: .any)?.strings(service: .any)
            errorAssociates = try element.field("ErrorAssociates", in: .any).map { list throws(SOAPFault) in
                try ListItem.items(of: list)
            }
            description = try element.field("Description", in: .any)?.string()
        } catch {
            throw .body(error.reason)
        }
        notifyVia = try element.text(of: "NotifyVia")?.flags("NotifyVia") ?? []
        notifyWhen = try element.text(of: "NotifyWhen")?.flags("NotifyWhen") ?? []
    }
}

extension ListItem {
    /// Reads an object, or the id that stands for one.
    fileprivate init(_ node: JSONValue, _ place: String) throws(RESTError) {
        guard case .object = node else {
            guard let id = try node.int32(place) else { throw .argument("\(place) must be an item or its id.") }
            self.init(id: id)
            return
        }
        self.init(id: try node["Id"]?.int32("\(place).Id") ?? 0)
        name = try node["Name"]?.text("\(place).Name")
        toolTip = try node["ToolTip"]?.text("\(place).ToolTip")
        deleted = try node["Deleted"]?.flag("\(place).Deleted") ?? false
        rank = try node["Rank"]?.int32("\(place).Rank") ?? 0
        type = try node["Type"]?.text("\(place).Type")
        childItems = try node["ChildItems"]?.listItems("\(place).ChildItems")
        iconHint = try node["IconHint"]?.text("\(place).IconHint")
        colorBlock = try node["ColorBlock"]?.int32("\(place).ColorBlock") ?? 0
        extraInfo = try node["ExtraInfo"]?.text("\(place).ExtraInfo")
        styleHint = try node["StyleHint"]?.text("\(place).StyleHint")
        fullName = try node["FullName"]?.text("\(place).FullName")
    }

    fileprivate var json: JSONValue {
        .object([
            "Id": JSONValue(id), "Name": JSONValue(name), "ToolTip": JSONValue(toolTip), "Deleted": .bool(deleted),
            "Rank": JSONValue(rank), "Type": JSONValue(type), "ChildItems": childItems.json,
            "IconHint": JSONValue(iconHint), "ColorBlock": JSONValue(colorBlock), "ExtraInfo": JSONValue(extraInfo),
            "StyleHint": JSONValue(styleHint), "FullName": JSONValue(fullName),
        ])
    }
}

extension [ListItem]? {
    var json: JSONValue { map { .array($0.map(\.json)) } ?? .null }
}

extension JSONValue {
    /// Returns the items of a list, or items with the ids that stand for them; nil for null. An item that is null is left out.
    fileprivate func listItems(_ place: String) throws(RESTError) -> [ListItem]? {
        switch self {
        case .null: return nil
        case .array(let nodes):
            var items: [ListItem] = []
            for (index, node) in nodes.enumerated() where node != .null {
                items.append(try ListItem(node, "\(place)[\(index)]"))
            }
            return items
        default: throw .argument("\(place) must be an array of items, or of their ids.")
        }
    }

    /// Returns flags by their names in any case, or by their number; nil for null.
    fileprivate func flags<Flags: NamedFlags>(_ place: String) throws(RESTError) -> Flags? {
        switch self {
        case .null: return nil
        case .number(let text), .string(let text):
            if let flags = Flags(text: text.trimmingXMLSpace) { return flags }
            fallthrough
        default: throw .argument("\(place) must be one of \(Flags.choices).")
        }
    }

    /// Returns a boolean, which may be written as text; nil for null.
    fileprivate func flag(_ place: String) throws(RESTError) -> Bool? {
        switch self {
        case .null: return nil
        case .bool(let flag): return flag
        case .string(let text) where ["true", "false"].contains(text.lowercased()): return text.lowercased() == "true"
        default: throw .argument("\(place) must be true or false.")
        }
    }
}

extension XMLElement {
    /// Returns the text of a member; nil when there is none.
    fileprivate func text(of name: StaticString) -> JSONValue? {
        field(name, in: .any)?.token.map(JSONValue.string)
    }
}
