/// The media type of an answer, as `Accept` asks for it (RFC 9110, section 12.5.1).
struct AnswerType: Sendable, Hashable {
    /// The media type as it is sent.
    let essence: String
    let isXML: Bool

    static let json = AnswerType(essence: "application/json", isXML: false)

    /// In the order in which they are preferred where `Accept` leaves the choice.
    private static let all: [AnswerType] =
        ["application/json", "text/json", "application/json-patch+json", "application/merge-patch+json"].map {
            AnswerType(essence: $0, isXML: false)
        } + ["application/xml", "text/xml"].map { AnswerType(essence: $0, isXML: true) }

    /// The header of an answer of this type.
    var contentType: String { essence + "; charset=utf-8" }

    private init(essence: String, isXML: Bool) {
        (self.essence, self.isXML) = (essence, isXML)
    }

    /// The best of the types that `accept` names; JSON when none of ours is among them, because clients misspell it, and
    /// NetServer's framework falls back to its first formatter.
    ///
    /// - Parameter accept: The header's values; none takes anything.
    init(accept: [String]) {
        let ranges = accept.flatMap { $0.split(separator: ",") }.prefix(Self.maximumRanges).compactMap(Range.init)
        var best: (type: AnswerType, quality: Double, precision: Int)?
        for type in Self.all {
            // The most precise range that covers a type decides about it.
            guard let range = ranges.filter({ $0.covers(type.essence) }).max(by: { $0.precision < $1.precision }),
                range.quality > 0
            else { continue }
            if let best, (best.quality, best.precision) >= (range.quality, range.precision) { continue }
            best = (type, range.quality, range.precision)
        }
        self = best?.type ?? .json
    }

    private static let maximumRanges = 500

    private struct Range {
        let essence: Substring
        let quality: Double

        /// `text/*;q=0.5`; parameters other than `q` do not count.
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
}
