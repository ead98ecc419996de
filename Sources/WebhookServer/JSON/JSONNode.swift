import AgentCore
import Text

/// A JSON value: members in the order they were written, numbers as they were written.
///
/// Foundation's types keep neither, and both are part of the contract (sections 3 and 8).
enum JSONNode: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Always a number of RFC 8259 (section 6): ``JSONReader`` rewrites what it takes beyond that.
    case number(String)
    case string(String)
    case array([JSONNode])
    /// The reader leaves no name twice in the same spelling.
    case object([Member])

    /// One member of an object.
    struct Member: Sendable, Hashable {
        /// As it was written, escapes resolved.
        var name: String
        var value: JSONNode
    }

    /// The member of that name: in this spelling or else in any case; of several the last. nil when this is no object
    /// or has none.
    subscript(name: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        let wanted = AnyCaseName(name)
        var inOtherCase: JSONNode?
        for member in members.reversed() {
            if member.name.utf8.elementsEqual(name.utf8) { return member.value }
            if inOtherCase == nil, wanted.matches(member.name) { inOtherCase = member.value }
        }
        return inOtherCase
    }

    /// How many arrays and objects stand in each other: 0 for a value that is neither, 1 for `[]`.
    var depth: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let items): 1 + (items.lazy.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.lazy.map(\.value.depth).max() ?? 0)
        }
    }

    /// As compact JSON (RFC 8259).
    var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): text += JSONText.string(string)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                text += JSONText.string(member.name)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }
}
