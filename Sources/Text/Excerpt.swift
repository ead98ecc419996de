/// What a message or a log repeats of a client's text: its beginning only, and nothing that would break the line or steer a
/// terminal.
package enum Excerpt {
    /// Counted in Unicode scalars: one grapheme can be as long as the whole text.
    private static let scalars = 60

    /// Returns the beginning of a text in quotes.
    package static func quoted(_ text: some StringProtocol) -> String {
        "'\(plain(text))'"
    }

    /// Returns the beginning of a text, without quotes.
    package static func plain(_ text: some StringProtocol) -> String {
        let excerpt = singleLine(String.UnicodeScalarView(text.unicodeScalars.prefix(scalars)))
        return excerpt + (text.unicodeScalars.dropFirst(scalars).isEmpty ? "" : "...")
    }

    /// Returns all of a text on one line.
    package static func singleLine(_ text: String) -> String {
        singleLine(text.unicodeScalars)
    }

    private static func singleLine(_ scalars: String.UnicodeScalarView) -> String {
        var line = String.UnicodeScalarView()
        for scalar in scalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line.append("\u{FFFD}")
            default: line.append(scalar)
            }
        }
        return String(line)
    }
}
