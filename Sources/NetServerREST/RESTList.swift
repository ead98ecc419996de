import AgentCore
import HTTPServing
import JSON
import SOAP

/// A document that is made page by page: a list, or an object whose last member is a list.
struct RESTList: Sendable {
    /// What the document is called in XML.
    var root: String
    /// What each item is called in XML.
    var item: String
    /// The name of the member that is the list, and the members before it; nil when the document itself is the list.
    var member: (name: String, before: JSONObject)?
    /// How many items are left out at the beginning.
    var skip = 0
    /// How many items are listed at most.
    var top = Int.max
    /// Reads up to so many items whose ids follow an id. Each item comes with its id.
    var read: @Sendable (Int32, Int) async throws(AgentError) -> [(id: Int32, value: RESTContent)]

    /// Returns the list of what `change` makes of each item.
    func map(_ change: @escaping @Sendable (RESTContent) -> RESTContent) -> RESTList {
        var list = self
        list.read = { [read] id, limit throws(AgentError) in
            try await read(id, limit).map { ($0.id, change($0.value)) }
        }
        return list
    }

    /// Returns the list as `writer` writes it, page by page.
    func paged<Writer: ListWriter>(_ writer: Writer) -> PagedList<Writer, AgentError>
    where Writer.Item == RESTContent {
        PagedList(writer: writer, skip: skip, top: top) { [read] id, limit throws(AgentError) in
            .init(try await read(id, limit), limit: limit, id: \.id, item: \.value)
        }
    }
}

/// Writes a ``RESTList`` as JSON.
struct JSONListWriter: ListWriter {
    private var json: [UInt8]
    private let ending: String
    private var isFirst = true

    /// Begins the document.
    init(_ list: RESTList) {
        guard let member = list.member else {
            (json, ending) = (Array("[".utf8), "]")
            return
        }
        json = Array("{".utf8)
        for before in member.before {
            JSONText.append(before.name, to: &json)
            json.append(UInt8(ascii: ":"))
            before.value.write(to: &json)
            json.append(UInt8(ascii: ","))
        }
        JSONText.append(member.name, to: &json)
        json.append(contentsOf: ":[".utf8)
        ending = "]}"
    }

    mutating func write(_ item: RESTContent) {
        if !isFirst { json.append(UInt8(ascii: ",")) }
        isFirst = false
        item.json.write(to: &json)
    }

    mutating func end() { json.append(contentsOf: ending.utf8) }

    mutating func take() -> [UInt8] {
        defer { json = [] }
        return json
    }
}

/// Writes a ``RESTList`` as XML.
struct XMLListWriter: ListWriter {
    private var writer: XMLValueWriter
    private let list: RESTList

    /// Begins the document.
    ///
    /// - Parameter namespace: The namespace of the service's types.
    init(_ list: RESTList, namespace: String) {
        self.list = list
        writer = XMLValueWriter(documentOf: namespace)
        writer.begin(list.root)
        guard let member = list.member else { return }
        for before in member.before { RESTContent.write(before.value, before.name, to: &writer) }
        writer.begin(member.name)
    }

    mutating func write(_ item: RESTContent) { item.write(list.item, to: &writer) }

    mutating func end() {
        if let member = list.member { writer.end(member.name) }
        writer.end(list.root)
    }

    mutating func take() -> [UInt8] { writer.take() }
}
