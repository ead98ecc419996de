/// What a message repeats of a client's text: in quotes, its beginning only, and nothing that would break the line.
enum Excerpt {
    /// Counted in Unicode scalars: one grapheme can be as long as the whole text.
    private static let scalars = 60

    static func of(_ text: some StringProtocol) -> String {
        var excerpt = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(scalars) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: excerpt.append("\u{FFFD}")
            default: excerpt.append(scalar)
            }
        }
        let isWhole = text.unicodeScalars.dropFirst(scalars).isEmpty
        return "'\(String(excerpt))\(isWhole ? "" : "...")'"
    }
}
