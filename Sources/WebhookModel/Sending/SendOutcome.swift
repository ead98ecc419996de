/// What came of sending a notification.
package enum SendOutcome: Sendable, Hashable {
    /// The target answered, with whatever status.
    case answered(TargetAnswer)
    /// There was no answer.
    case failed(SendError)

    /// One line that says what happened, without the answer's body.
    package var summary: String {
        switch self {
        case .answered(let answer): answer.statusLine + answer.redirection
        case .failed(let failure): failure.text
        }
    }

    /// How many UTF-16 code units of a failure GetLastError tells at most, as many as NetServer's database keeps.
    package static let lastErrorLength = 4000

    /// What GetLastError tells when this was a failure: the answer as far as it has room, or why there was none.
    package var lastError: String {
        let text =
            switch self {
            case .answered(let answer): answer.transcript
            case .failed(let failure): failure.text
            }
        var left = Self.lastErrorLength
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            left -= UTF16.width(scalar)
            if left < 0 { break }
            // Databases end a text there.
            scalars.append(scalar == "\0" ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }
}
