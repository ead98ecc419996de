import Networking
import Text

/// The path of a request, cut into the parts between its slashes.
package struct RequestPath: Sendable, Hashable {
    /// The parts, percent signs resolved.
    package private(set) var parts: ArraySlice<String>
    /// The parts as routes compare them: in lower case, unless case counts.
    package private(set) var names: ArraySlice<String>

    /// Reads a path, without the query, that is compared without regard to case, as on the original's IIS. Percent signs are
    /// resolved, and empty parts are left out: doubled slashes and a trailing one mean nothing. The `*` of OPTIONS is the
    /// same as `/`. The initializer gives nil for an empty path and for unsafe text.
    package init?(_ path: String) {
        let parts = path == "*" ? [] : Self.parts(path)
        guard !parts.isEmpty || path.hasPrefix("/") || path == "*", parts.allSatisfy({ StreamSafeText.isSafe($0) })
        else { return nil }
        self.parts = parts[...]
        names = parts.map { CaseInsensitiveName($0).text }[...]
    }

    /// Creates a path of parts whose case counts.
    package init(exactly parts: [String]) {
        self.parts = parts[...]
        names = parts[...]
    }

    /// How many parts there are.
    package var count: Int { parts.count }

    /// The path without its first parts.
    package func dropFirst(_ count: Int) -> RequestPath {
        var path = self
        path.parts = parts.dropFirst(count)
        path.names = names.dropFirst(count)
        return path
    }

    /// The parts of a path between its slashes. Where percent signs do not stand for text in UTF-8, the part is a NUL, which
    /// no name holds.
    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").map { part in
            guard part.utf8.contains(UInt8(ascii: "%")) else { return String(part) }
            // Foundation's own takes a U+FEFF at the beginning for a byte order mark, and drops it.
            return PercentEncoding.decoded(part.utf8).flatMap { String(validating: $0, as: UTF8.self) } ?? "\0"
        }
    }
}
