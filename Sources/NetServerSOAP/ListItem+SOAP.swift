package import SOAP
package import WebhookModel
package import XML

/// How items of NetServer's lists are read from XML.
extension ListItem {
    /// Reads an `ArrayOfMDOListItem`.
    package static func items(of list: XMLElement) throws(SOAPFault) -> [ListItem] {
        var items: [ListItem] = []
        for item in list.items("MDOListItem", service: .any) where !item.isNil {
            items.append(try ListItem(item))
        }
        return items
    }

    private init(_ element: XMLElement) throws(SOAPFault) {
        self.init(id: try element.field("Id", in: .any)?.int32() ?? 0)
        name = try element.field("Name", in: .any)?.string()
        toolTip = try element.field("ToolTip", in: .any)?.string()
        deleted = try element.field("Deleted", in: .any)?.boolean() ?? false
        rank = try element.field("Rank", in: .any)?.int32() ?? 0
        type = try element.field("Type", in: .any)?.string()
        childItems = try element.field("ChildItems", in: .any).map { list throws(SOAPFault) in
            try Self.items(of: list)
        }
        iconHint = try element.field("IconHint", in: .any)?.string()
        colorBlock = try element.field("ColorBlock", in: .any)?.int32() ?? 0
        extraInfo = try element.field("ExtraInfo", in: .any)?.string()
        styleHint = try element.field("StyleHint", in: .any)?.string()
        fullName = try element.field("FullName", in: .any)?.string()
    }
}
