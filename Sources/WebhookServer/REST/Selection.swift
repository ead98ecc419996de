import AgentCore
import Text

/// `$select`: the members that an answer keeps; the others become null (contract, section 8). Names in any case, nested
/// with `/`.
struct Selection: Sendable {
    private var members: [AnyCaseName: Selection] = [:]
    /// Whether all of it was named.
    private var isWhole = false

    /// - Parameter text: Names separated by commas; nil or nothing keeps everything.
    init?(_ text: String?) {
        let paths = (text ?? "").split(separator: ",").map { path in
            path.split(separator: "/").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        }
        for path in paths.prefix(Self.mostPaths) where !path.isEmpty { insert(path.prefix(Self.deepest)) }
        if members.isEmpty { return nil }
    }

    private init() {}

    /// More than there are members to name.
    private static let mostPaths = 1000
    private static let deepest = 8

    private mutating func insert(_ path: ArraySlice<String>) {
        guard let name = path.first else {
            isWhole = true
            return
        }
        members[AnyCaseName(name), default: Selection()].insert(path.dropFirst())
    }

    /// What is left of `value`.
    func applied(to value: RESTValue) -> RESTValue {
        switch value {
        case .object(let own):
            .object(
                own.map { name, value in
                    guard let inner = members[AnyCaseName(name.description)] else { return (name, .null) }
                    return (name, inner.isWhole ? value : inner.applied(to: value))
                }
            )
        case .properties(let properties): .properties(applied(to: properties))
        case .headers(let headers):
            .headers(
                StringDictionary(
                    headers.entries.map {
                        .init(key: $0.key, value: members[AnyCaseName($0.key)] == nil ? nil : $0.value)
                    }
                )
            )
        case .list(let item, let items): .list(item: item, items.map { applied(to: $0) })
        default: value
        }
    }

    private func applied(to properties: ObjectDictionary) -> ObjectDictionary {
        ObjectDictionary(
            properties.entries.map { entry in
                guard let inner = members[AnyCaseName(entry.key)] else { return (entry.key, .null) }
                if !inner.isWhole, case .dictionary(let dictionary) = entry.value {
                    return (entry.key, .dictionary(inner.applied(to: dictionary)))
                }
                return (entry.key, entry.value)
            }
        )
    }
}
