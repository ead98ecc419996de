/// The origins whose pages may call a service, as its operator lists them (Fetch standard, "CORS protocol").
///
/// An origin that is written out whole is trusted as this service's own pages are. `*`, and what ends in `*`, lets in pages
/// that nobody has named: these must send credentials that a browser does not add by itself.
package struct AllowedOrigins: Sendable, Hashable {
    /// What a list holds, for messages.
    package static let form =
        "origins such as https://app.example.com or http://localhost:*, separated by spaces or commas, or *"

    /// No page of another origin may call.
    package static let none = AllowedOrigins()

    /// What a page of another origin may do.
    package enum Permission: Sendable {
        /// It may not call.
        case none
        /// It may call with credentials that it sends itself.
        case ownCredentials
        /// It may call with credentials that the browser adds, too.
        case anyCredentials
    }

    private var whole: Set<String> = []
    private var beginnings: [String] = []

    private init() {}

    /// Reads a list of origins; nil when one of them is no origin.
    package init?(_ text: String) {
        for item in text.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            if item == "*" {
                beginnings.append("")
                continue
            }
            let isBeginning = item.hasSuffix("*")
            let origin = isBeginning ? item.dropLast() : item
            guard origin.wholeMatch(of: /[a-z][a-z0-9+.-]*:\/\/[a-z0-9._:\[\]-]*/) != nil,
                isBeginning || !origin.hasSuffix("/")
            else { return nil }
            if isBeginning { beginnings.append(String(origin)) } else { whole.insert(Self.normal(origin)) }
        }
    }

    /// Whether no page of another origin may call.
    package var isEmpty: Bool { whole.isEmpty && beginnings.isEmpty }

    /// What a page of `origin`, the header's value, may do.
    package func permission(of origin: String) -> Permission {
        let origin = origin.lowercased()
        if whole.contains(Self.normal(origin[...])) { return .anyCredentials }
        return beginnings.contains { origin.hasPrefix($0) } ? .ownCredentials : .none
    }

    /// Without the port that the scheme has by itself, which browsers leave out.
    private static func normal(_ origin: Substring) -> String {
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")]
        where origin.hasPrefix(scheme) && origin.hasSuffix(port) {
            return String(origin.dropLast(port.count))
        }
        return String(origin)
    }
}
