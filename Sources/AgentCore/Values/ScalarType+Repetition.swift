import FoundationEssentials

/// When a client that saves what it has read means the stored value, although it writes it otherwise. gSOAP, JAX-WS and
/// PHP were watched for this (contract, section 9).
extension ScalarType {
    /// Types that toolkits have in place of one that their language lacks. Axis calls every text a guid.
    private static let standIns: [ScalarType: ScalarType] = [
        .unsignedByte: .short, .unsignedShort: .int, .unsignedInt: .long, .unsignedLong: .long, .anyURI: .string,
        .string: .guid,
    ]

    /// Whether `text`, sent as a value of type `sent`, repeats `stored`, a value of this type.
    func isRepeated(_ stored: String, by text: String, as sent: ScalarType) -> Bool {
        guard sent == self || sent == Self.standIns[self] else { return false }
        return text.isSame(as: stored) || isSameNumber(stored, text)
    }

    /// Whether `text`, sent without a type, repeats `stored`, a value of this type.
    func isRepeated(_ stored: String, byUntyped text: String) -> Bool {
        if text.isSame(as: stored) { return true }
        switch self {
        case .boolean: return Self.boolean(text.lowercased()) == Self.boolean(stored)
        case .base64Binary: return Self.isDecoded(stored, text)
        case _ where isNumber: return isSameNumber(stored, text) || isShortened(stored, text)
        default: return false
        }
    }

    private func isSameNumber(_ stored: String, _ text: String) -> Bool {
        switch self {
        case .float: Self.float(stored).map { $0 == Self.float(text) } ?? false
        case .double: Self.double(stored).map { $0 == Self.double(text) } ?? false
        case _ where isNumber: accepts(text) && DecimalValue.areEqual(stored, text)
        default: false
        }
    }

    /// PHP writes floating-point numbers, and whole ones that are too large for it, with 14 digits.
    private func isShortened(_ stored: String, _ text: String) -> Bool {
        if Self.isNotANumber(stored) { return Self.isNotANumber(text) }
        guard [.float, .double, .unsignedLong].contains(self), let value = Self.double(stored),
            let other = Self.double(text)
        else { return false }
        return value == other || abs(value - other) <= abs(value) * 5e-14
    }

    /// PHP decodes a base64Binary, and writes what it holds as text, which ends at a zero byte.
    private static func isDecoded(_ stored: String, _ text: String) -> Bool {
        guard let bytes = Data(base64Encoded: stored, options: .ignoreUnknownCharacters) else { return false }
        return text.utf8.elementsEqual(bytes.prefix { $0 != 0 })
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    /// Of XML Schema, in which infinity is `INF`; nil for NaN, which equals nothing.
    private static func double(_ text: String) -> Double? { isNotANumber(text) ? nil : Double(text) }
    private static func float(_ text: String) -> Float? { isNotANumber(text) ? nil : Float(text) }
    private static func isNotANumber(_ text: String) -> Bool { text.lowercased() == "nan" }
}
