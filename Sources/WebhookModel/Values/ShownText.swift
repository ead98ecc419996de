import Text

/// Texts that XML 1.0 cannot hold, since they have control characters, U+FFFE or U+FFFF in them.
///
/// JSON can store them. XML clients are shown U+FFFD in place of each such character, because no reader would take an answer
/// that holds one. A client that saves what it was shown means what is stored.
extension String {
    /// The text as XML clients are shown it.
    package var shownInXML: String {
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0xEF }) else { return self }
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "\t", "\n", "\r": shown.append(scalar)
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": shown.append("\u{FFFD}")
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Whether a client that sends this text sends `stored` back: as it is, or as it was shown.
    func repeats(_ stored: String) -> Bool {
        // A text that is not shown as it is stored holds U+FFFD, which begins with the byte 0xEF.
        isSame(as: stored) || utf8.contains(0xEF) && isSame(as: stored.shownInXML)
    }
}

/// Stored texts, found by what XML clients are shown of them.
struct StoredTexts {
    /// Those that are shown otherwise, the first last.
    private var hidden: [ExactText: [String]] = [:]

    init(_ stored: some BidirectionalCollection<String>) {
        for text in stored.reversed() {
            let shown = text.shownInXML
            if !shown.isSame(as: text) { hidden[ExactText(shown), default: []].append(text) }
        }
    }

    /// Puts the stored text in place of each that comes back as it was shown.
    static func restore<Root>(
        _ texts: [any WritableKeyPath<Root, String?> & Sendable],
        in value: inout Root,
        of stored: Root
    ) {
        for path in texts {
            if let text = value[keyPath: path], let kept = stored[keyPath: path], text.repeats(kept) {
                value[keyPath: path] = kept
            }
        }
    }

    /// What is stored for each text that comes back as it was shown; every other text as it is.
    func restored(_ texts: [String?]) -> [String?] {
        // Most webhooks hide nothing.
        guard !hidden.isEmpty else { return texts }
        let sent = Set(texts.compactMap { $0.map(ExactText.init) })
        var left = hidden.mapValues { $0.filter { !sent.contains(ExactText($0)) } }
        return texts.map { text in text.flatMap { left[ExactText($0)]?.popLast() } ?? text }
    }
}
