/// A name for comparing in any case, as .NET's ordinal comparison does: letter by letter, without a language. What is ASCII
/// equals nothing that is not, so that U+212A (Kelvin) is no `k`.
package struct CaseInsensitiveName: Hashable, Sendable {
    private let folded: [UInt8]

    /// The name, in whatever case.
    package init(_ name: some StringProtocol) {
        guard !name.utf8.allSatisfy({ $0 < 0x80 }) else {
            folded = name.utf8.map(Self.lowercased)
            return
        }
        folded = name.unicodeScalars.flatMap { scalar in
            let lower = scalar.properties.lowercaseMapping
            let isFolded = scalar.isASCII || lower.utf8.allSatisfy { $0 >= 0x80 }
            return Array((isFolded ? lower : String(scalar)).utf8)
        }
    }

    /// Whether `name` is this one in some case; costs no allocation where that is ASCII.
    package func matches(_ name: some StringProtocol) -> Bool {
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return CaseInsensitiveName(name) == self }
        return name.utf8.count == folded.count && name.utf8.lazy.map(Self.lowercased).elementsEqual(folded)
    }

    /// The name in lower case.
    package var text: String { String(decoding: folded, as: UTF8.self) }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
