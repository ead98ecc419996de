import HTTPServing
import JSON

/// How the admin API's answers are written.
enum AdminJSON {
    /// `value` as text. Every control character that has a letter is written by it.
    static func text(_ value: JSONValue) -> String {
        var text = ""
        write(value, to: &text)
        return text
    }

    fileprivate static func write(_ value: JSONValue, to text: inout String) { value.write(to: &text, escapes: .all) }
}

/// Writes an object whose one member is a list.
struct AdminListWriter: ListWriter {
    private var text: String
    private var isFirst = true

    init(member: StaticString) {
        text = "{\"\(member)\":["
    }

    mutating func write(_ item: JSONValue) {
        if !isFirst { text += "," }
        isFirst = false
        AdminJSON.write(item, to: &text)
    }

    mutating func end() { text += "]}" }

    mutating func take() -> [UInt8] {
        defer { text.removeAll(keepingCapacity: true) }
        return Array(text.utf8)
    }
}
