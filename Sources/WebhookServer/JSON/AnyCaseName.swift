/// A member's name for comparing in any case, as .NET's ordinal comparison does: letter by letter, without a language.
/// A name in ASCII equals none that is not, so that U+212A (Kelvin) is no `k`.
struct AnyCaseName: Hashable {
    private let isASCII: Bool
    private let folded: [UInt8]

    init(_ name: String) {
        isASCII = name.utf8.allSatisfy { $0 < 0x80 }
        folded = isASCII ? name.utf8.map(Self.lowercased) : Array(name.lowercased().utf8)
    }

    /// Whether `name` is this one in some case; costs no allocation where this one is ASCII, as the API's own names are.
    func matches(_ name: String) -> Bool {
        guard isASCII else { return AnyCaseName(name) == self }
        return name.utf8.count == folded.count && name.utf8.lazy.map(Self.lowercased).elementsEqual(folded)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
