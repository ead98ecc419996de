import AgentCore

/// A document while it is patched. Each step down costs the same however many members there are.
final class PatchTree {
    private enum Content {
        case scalar(JSONNode)
        case array([PatchTree])
        case object(MemberTable<PatchTree>)
    }

    private var content: Content

    init(_ node: JSONNode) {
        content = Self.content(of: node)
    }

    private static func content(of node: JSONNode) -> Content {
        switch node {
        case .null, .bool, .number, .string:
            return .scalar(node)
        case .array(let items):
            return .array(items.map(PatchTree.init))
        case .object(let members):
            var table = MemberTable<PatchTree>()
            for member in members { table.append(PatchTree(member.value), named: member.name) }
            return .object(table)
        }
    }

    /// The document as it is now.
    var node: JSONNode {
        switch content {
        case .scalar(let node): node
        case .array(let items): .array(items.map(\.node))
        case .object(let table): .object(table.members.map { .init(name: $0.name, value: $0.value.node) })
        }
    }

    /// The member or item that `token` names; nil when there is none.
    func child(_ token: String) -> PatchTree? {
        switch content {
        case .scalar: nil
        case .array(let items): Self.index(token, below: items.count).map { items[$0] }
        case .object(let table): table.place(of: token).flatMap { table.value(at: $0) }
        }
    }

    /// What the tokens lead to; nil when there is nothing.
    func descendant(_ tokens: some Sequence<String>) -> PatchTree? {
        var tree = self
        for token in tokens {
            guard let child = tree.child(token) else { return nil }
            tree = child
        }
        return tree
    }

    /// Makes this the value; a value that is no array is appended to an array instead.
    func put(_ value: JSONNode) {
        if case .array(var items) = content, value.isSingle {
            // So that `items` is not shared, and need not be copied.
            content = .scalar(.null)
            items.append(PatchTree(value))
            content = .array(items)
        } else {
            content = Self.content(of: value)
        }
    }

    /// Adds a member, or inserts an item; what is there under the name takes the value (see ``put(_:)``). A null becomes
    /// the array or object that the token needs: it is where a webhook has no headers, properties or events.
    ///
    /// - Returns: Whether `token` can name something here.
    func add(_ value: JSONNode, at token: String) -> Bool {
        if case .scalar(.null) = content {
            // All that an empty array has a place for. Any other index is as well a name.
            content = token == "-" || token == "0" ? .array([]) : .object(MemberTable())
        }
        switch content {
        case .scalar:
            return false
        case .array(var items):
            guard let index = token == "-" ? items.count : Self.index(token, below: items.count + 1) else {
                return false
            }
            content = .scalar(.null)
            items.insert(PatchTree(value), at: index)
            content = .array(items)
        case .object(var table):
            if let existing = child(token) {
                existing.put(value)
            } else {
                content = .scalar(.null)
                table.append(PatchTree(value), named: token)
                content = .object(table)
            }
        }
        return true
    }

    /// Removes a member or an item.
    ///
    /// - Returns: Whether there was one.
    func remove(_ token: String) -> Bool {
        switch content {
        case .scalar:
            return false
        case .array(var items):
            guard let index = Self.index(token, below: items.count) else { return false }
            content = .scalar(.null)
            items.remove(at: index)
            content = .array(items)
        case .object(var table):
            guard let place = table.place(of: token) else { return false }
            content = .scalar(.null)
            table.remove(at: place)
            content = .object(table)
        }
        return true
    }

    /// Whether this is equal to `node` (RFC 6902, section 4.6): numbers by value, strings and names to the letter, members
    /// in any order.
    func equals(_ node: JSONNode) -> Bool {
        switch (content, node) {
        case (.scalar(.number(let own)), .number(let other)):
            DecimalValue.areEqual(own, other)
        // Swift's own comparison takes é for e and an accent.
        case (.scalar(.string(let own)), .string(let other)):
            own.utf8.elementsEqual(other.utf8)
        case (.scalar(let own), _):
            own == node
        case (.array(let items), .array(let others)):
            items.count == others.count && zip(items, others).allSatisfy { $0.equals($1) }
        case (.object(let table), .object(let members)):
            table.count == members.count
                && members.allSatisfy { member in
                    guard let place = table.place(ofSpelling: member.name) else { return false }
                    return table.value(at: place)?.equals(member.value) ?? false
                }
        default:
            false
        }
    }

    /// An array index (RFC 6901, section 4: no sign and no leading zeros), nil when it is none below `end`.
    private static func index(_ token: String, below end: Int) -> Int? {
        let isNumber = token.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, token == "0" || token.utf8.first != UInt8(ascii: "0"),
            let index = Int(token), index < end
        else { return nil }
        return index
    }
}

extension JSONNode {
    /// Whether this is one value that an array can take as its next item; null rather clears the array.
    var isSingle: Bool {
        switch self {
        case .null, .array: false
        case .bool, .number, .string, .object: true
        }
    }
}
