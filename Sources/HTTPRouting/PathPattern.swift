import Text

/// The paths that a route is for, such as `/Webhook/{id:int32}`.
///
/// `{name}` stands for one part of any text, `{name:int32}` for one part that is an `int32`, and `/**` at the end for any parts.
package struct PathPattern: Sendable, Hashable, ExpressibleByStringLiteral {
    private enum Part: Hashable {
        /// This name, which is kept in lower case.
        case name(String)
        case text(parameter: String)
        case number(parameter: String)
    }

    /// The pattern as clients are told it, without the types of its parameters.
    package let text: String
    /// Whether any parts may follow.
    package let isOpen: Bool
    private let parts: [Part]

    /// Reads a pattern.
    package init(_ pattern: String) {
        text = pattern.replacing(":int32}", with: "}")
        let parts = pattern.split(separator: "/")
        isOpen = parts.last == "**"
        self.parts = (isOpen ? parts.dropLast() : parts[...]).map { part in
            guard part.first == "{" else { return .name(CaseInsensitiveName(part).text) }
            let words = part.dropFirst().dropLast().split(separator: ":")
            return words.count > 1 ? .number(parameter: String(words[0])) : .text(parameter: String(words[0]))
        }
    }

    /// Reads a pattern that the code holds.
    package init(stringLiteral pattern: String) {
        self.init(pattern)
    }

    /// How many parts of a path the pattern names.
    package var count: Int { parts.count }

    /// Whether a path is one of the pattern's.
    package func matches(_ path: RequestPath) -> Bool {
        guard isOpen ? path.count >= count : path.count == count else { return false }
        for (part, name) in zip(parts, path.names) {
            switch part {
            case .name(let own): guard own == name else { return false }
            case .text: continue
            case .number: guard Int32(name) != nil else { return false }
            }
        }
        return true
    }

    /// Where a path holds a parameter; nil when the pattern has none of that name.
    func index(of parameter: String) -> Int? {
        parts.firstIndex { part in
            switch part {
            case .name: false
            case .text(let own), .number(let own): own == parameter
            }
        }
    }
}
