/// The media types that a header `Accept` asks for (RFC 9110, section 12.5.1).
package struct AcceptHeader: Sendable {
    private let ranges: [MediaRange]

    /// Ranges that are read at most.
    private static let maximumRanges = 500

    /// Reads the header, and leaves out texts that are no ranges.
    ///
    /// - Parameter values: The values of the header; none when a request has no such header.
    package init(_ values: [String]) {
        ranges = values.flatMap { $0.split(separator: ",") }.prefix(Self.maximumRanges).compactMap(MediaRange.init)
    }

    /// Returns the type that is asked for with the highest weight; of several the one that is named most precisely, and of
    /// these the first. Returns nil when the header asks for none of the types.
    ///
    /// - Parameter types: Media types in lower case, without parameters.
    package func best(of types: [String]) -> String? {
        var best: (type: String, quality: Double, precision: Int)?
        for type in types {
            // The most precise range that covers a type decides about it.
            guard let range = ranges.filter({ $0.covers(type) }).max(by: { $0.precision < $1.precision }),
                range.quality > 0
            else { continue }
            if let best, (best.quality, best.precision) >= (range.quality, range.precision) { continue }
            best = (type, range.quality, range.precision)
        }
        return best?.type
    }
}

/// One range of media types, with its weight.
private struct MediaRange: Sendable {
    let essence: Substring
    let quality: Double

    /// Reads `text/*;q=0.5`; parameters other than `q` do not count.
    init?(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
        guard let essence = parts.first, essence.contains("/") else { return nil }
        self.essence = essence[...]
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
        quality = min(1, max(0, weight ?? 1))
    }

    var precision: Int { essence == "*/*" ? 0 : essence.hasSuffix("/*") ? 1 : 2 }

    func covers(_ type: String) -> Bool {
        switch precision {
        case 0: true
        case 1: type.hasPrefix(essence.dropLast())
        default: type == essence
        }
    }
}
