import Foundation
import Testing
import Text

@Suite("Names without regard to case")
struct CaseFoldingTests {
    /// Texts of every kind, each with what may stand around it and be in it.
    private static let texts: [String] = {
        let parts = [
            "", "a", "A", "contact.created", "Contact.CREATED", "é", "É", "e\u{301}", "E\u{301}", "\u{301}", "\u{212A}",
            "K", "Σ", "ς", "İ", "ß", "日本", "😀", "\u{0}", "\u{1C}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}",
            "\u{FEFF}", "@[`{", String(repeating: "aZ", count: 300),
        ]
        let spaces = ["", " ", "\t", "\n", "\r\n", "\u{B}", "\u{A0}", "\u{3000}", "\u{200B}"]
        return parts.flatMap { part in
            parts.map { part + $0 } + spaces.flatMap { [$0 + part, part + $0, $0 + part + $0] }
        }
    }()

    @Test("Folding gives Unicode's lower case in normal form C, for ASCII as for all else")
    func folding() {
        for text in Self.texts {
            let expected = text.lowercased().precomposedStringWithCanonicalMapping
            #expect(Array(text.caseFolded.utf8) == Array(expected.utf8), "\(Array(text.utf8))")
        }
    }

    @Test("Trimming takes away what Unicode calls white space, for ASCII as for all else")
    func trimming() {
        for text in Self.texts {
            var scalars = Array(text.unicodeScalars)
            while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
            while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
            let expected = scalars.flatMap { Array(String($0).utf8) }
            #expect(Array(text.trimmingSpace.utf8) == expected, "\(Array(text.utf8))")
        }
    }
}
