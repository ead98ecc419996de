import JSON
import Text
import WebhookModel

/// `$select`: the members that an answer keeps; the others become null (docs/contract.md#section-8). Names in any case,
/// nested with `/`.
struct Selection: Sendable {
    private var members: [CaseInsensitiveName: Selection] = [:]
    /// Whether all of it was named.
    private var isWhole = false

    /// - Parameter text: Names separated by commas; nil or nothing keeps everything.
    init?(_ text: String?) {
        let paths = (text ?? "").split(separator: ",").map { path in
            path.split(separator: "/").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        }
        for path in paths.prefix(Self.maximumPaths) where !path.isEmpty { insert(path.prefix(Self.deepest)) }
        if members.isEmpty { return nil }
    }

    private init() {}

    /// More than there are members to name.
    private static let maximumPaths = 1000
    private static let deepest = 8

    private mutating func insert(_ path: ArraySlice<String>) {
        guard let name = path.first else {
            isWhole = true
            return
        }
        members[CaseInsensitiveName(name), default: Selection()].insert(path.dropFirst())
    }

    /// What is left of an answer's content.
    func applied(to content: RESTContent) -> RESTContent {
        switch content {
        case .value(let value): return .value(applied(to: value))
        case .webhook(let members):
            return .webhook(
                members.map { name, member in
                    guard let part = part(name) else { return (name, .value(.null)) }
                    switch member {
                    case .value(let value): return (name, .value(part.applied(to: value)))
                    case .headers(let headers): return (name, .headers(part.applied(to: headers)))
                    case .properties(let properties): return (name, .properties(part.applied(to: properties)))
                    }
                }
            )
        }
    }

    /// What is selected of a member; nil when it is not named.
    private func part(_ name: String) -> Selection? { members[CaseInsensitiveName(name)] }

    private func applied(to value: JSONValue) -> JSONValue {
        guard !isWhole else { return value }
        switch value {
        case .object(let object):
            return .object(
                JSONObject(object.lazy.map { ($0.name, part($0.name)?.applied(to: $0.value) ?? .null) })
            )
        case .array(let items): return .array(items.map { applied(to: $0) })
        default: return value
        }
    }

    private func applied(to headers: StringDictionary) -> StringDictionary {
        guard !isWhole else { return headers }
        return StringDictionary(
            headers.entries.map { .init(key: $0.key, value: part($0.key) == nil ? nil : $0.value) }
        )
    }

    private func applied(to properties: ObjectDictionary) -> ObjectDictionary {
        guard !isWhole else { return properties }
        return ObjectDictionary(
            properties.entries.map { entry in
                guard let part = part(entry.key) else { return (entry.key, .null) }
                guard case .dictionary(let dictionary) = entry.value else { return (entry.key, entry.value) }
                return (entry.key, .dictionary(part.applied(to: dictionary)))
            }
        )
    }
}
