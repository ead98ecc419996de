/// What a message or a log repeats of a client's text: its beginning only, and nothing that would break the line or steer a
/// terminal.
package enum Excerpt {
    /// Counted in Unicode scalars: one grapheme can be as long as the whole text.
    private static let scalars = 60

    /// In quotes.
    package static func of(_ text: some StringProtocol) -> String {
        "'\(plain(text))'"
    }

    /// Without quotes.
    package static func plain(_ text: some StringProtocol) -> String {
        var excerpt = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(scalars) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: excerpt.append("\u{FFFD}")
            default: excerpt.append(scalar)
            }
        }
        return String(excerpt) + (text.unicodeScalars.dropFirst(scalars).isEmpty ? "" : "...")
    }
}
