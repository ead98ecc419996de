import AgentCore
import SOAP

/// A document that is a list, or an object whose last member is one, and that is made page by page.
struct RESTList: Sendable {
    /// What the document is called in XML.
    var root: StaticString
    /// What each item is called in XML.
    var item: StaticString
    /// The member that is the list, and those before it; nil where the document itself is the list.
    var member: (name: StaticString, before: [(name: StaticString, value: RESTValue)])?
    /// Items that are left out at the beginning.
    var skip = 0
    /// Items that are listed at most.
    var top = Int.max
    /// Reads up to so many items whose ids follow one. The id of each stands beside it.
    var read: @Sendable (Int32, Int) async throws(AgentError) -> [(id: Int32, value: RESTValue)]

    /// The items with what `change` makes of each.
    func map(_ change: @escaping @Sendable (RESTValue) -> RESTValue) -> RESTList {
        var list = self
        list.read = { [read] id, limit throws(AgentError) in
            try await read(id, limit).map { ($0.id, change($0.value)) }
        }
        return list
    }

    /// The list as its writer wants it.
    func paged<Writer: ListWriter>(_ writer: Writer) -> PagedList<Writer, AgentError>
    where Writer.Item == RESTValue {
        PagedList(writer: writer, skip: skip, top: top) { [read] id, limit throws(AgentError) in
            .init(try await read(id, limit), limit: limit, id: \.id, item: \.value)
        }
    }
}

/// Writes a ``RESTList`` as JSON.
struct JSONListWriter: ListWriter {
    private var text: String
    private let ending: String
    private var isFirst = true

    /// Begins the document.
    init(_ list: RESTList) {
        guard let member = list.member else {
            (text, ending) = ("[", "]")
            return
        }
        text = "{"
        for (name, value) in member.before {
            text += "\"\(name)\":"
            RESTDocument.write(value, to: &text)
            text += ","
        }
        text += "\"\(member.name)\":["
        ending = "]}"
    }

    mutating func write(_ item: RESTValue) {
        if !isFirst { text += "," }
        isFirst = false
        RESTDocument.write(item, to: &text)
    }

    mutating func end() { text += ending }

    mutating func take() -> [UInt8] {
        defer { text.removeAll(keepingCapacity: true) }
        return Array(text.utf8)
    }
}

/// Writes a ``RESTList`` as XML.
struct XMLListWriter: ListWriter {
    private var writer: XMLValueWriter
    private let list: RESTList

    /// Begins the document.
    ///
    /// - Parameter namespace: That of the service's types.
    init(_ list: RESTList, namespace: String) {
        self.list = list
        writer = XMLValueWriter(documentOf: namespace)
        writer.begin(list.root.description)
        guard let member = list.member else { return }
        for (name, value) in member.before { RESTDocument.write(value, name, to: &writer) }
        writer.begin(member.name.description)
    }

    mutating func write(_ item: RESTValue) { RESTDocument.write(item, list.item, to: &writer) }

    mutating func end() {
        if let member = list.member { writer.end(member.name.description) }
        writer.end(list.root.description)
    }

    mutating func take() -> [UInt8] { writer.take() }
}
