import FoundationEssentials
import JSON
import Text

/// When a client that saves what it has read means the stored value, although it writes it otherwise. gSOAP, JAX-WS and
/// PHP were watched for this (docs/contract.md#section-9).
extension ScalarType {
    /// Types that toolkits have in place of one that their language lacks. Axis calls every text a guid.
    private static let substitutes: [ScalarType: ScalarType] = [
        .unsignedByte: .short, .unsignedShort: .int, .unsignedInt: .long, .unsignedLong: .long, .anyURI: .string,
        .string: .guid,
    ]

    /// Whether `text`, sent as a value of type `sent`, repeats `stored`, a value of this type.
    func isRoundTripped(_ stored: String, by text: String, as sent: ScalarType) -> Bool {
        // As a string a value is shown that clients cannot read as what it is.
        if sent == .string, !isReadable(stored), text.isSame(as: stored) { return true }
        guard sent == self || sent == Self.substitutes[self] else { return false }
        return text.repeats(stored) || isSameValue(stored, text)
    }

    /// Whether `text`, sent without a type, repeats `stored`, a value of this type.
    func isRoundTripped(_ stored: String, byUntyped text: String) -> Bool {
        if text.repeats(stored) { return true }
        switch self {
        case .boolean: return isSameValue(stored, text.lowercased())
        case .base64Binary: return Self.isDecoded(stored, text)
        case _ where isNumber: return isSameValue(stored, text) || isShortened(stored, text)
        default: return false
        }
    }

    private func isSameValue(_ stored: String, _ text: String) -> Bool {
        guard accepts(text) else { return false }
        return switch self {
        case .boolean: ["true", "1"].contains(stored) == ["true", "1"].contains(text)
        case .float: Self.float(stored).map { $0 == Self.float(text) } ?? false
        case .double: Self.double(stored).map { $0 == Self.double(text) } ?? false
        case _ where isNumber: DecimalValue.areEqual(stored, text)
        default: false
        }
    }

    /// PHP writes floating-point numbers, and whole ones that are too large for it, with 14 digits, and NaN in capitals.
    private func isShortened(_ stored: String, _ text: String) -> Bool {
        if stored == "NaN" { return text == "NAN" }
        guard [.float, .double, .unsignedLong].contains(self), Self.isFinite(stored), Self.isFinite(text),
            let value = DecimalValue(stored), let other = DecimalValue(text)
        else { return false }
        return value.rounded(toDigits: 14) == other
    }

    /// PHP decodes a base64Binary, and writes what it holds as text, which ends at a zero byte. So an empty text does not
    /// clear bytes that begin with one; nil does.
    private static func isDecoded(_ stored: String, _ text: String) -> Bool {
        guard let bytes = Data(base64Encoded: stored, options: .ignoreUnknownCharacters) else { return false }
        return text.utf8.elementsEqual(bytes.prefix { $0 != 0 })
    }

    private static func isFinite(_ text: String) -> Bool {
        ScalarType.double.accepts(text) && !["INF", "-INF", "NaN"].contains(text)
    }

    /// Returns nil for NaN, which equals nothing, and for a text that is not a number.
    private static func double(_ text: String) -> Double? { text == "NaN" ? nil : Double(text) }
    private static func float(_ text: String) -> Float? { text == "NaN" ? nil : Float(text) }
}
