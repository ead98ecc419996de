/// Values that .NET's types have no room for.
extension ScalarType {
    /// Whether clients of the original's framework can read `text` as a value of this type. One value that they cannot read
    /// makes a whole answer unreadable to them, so that it is shown to XML clients as a string of the same characters.
    ///
    /// - Parameter text: A value that the type accepts.
    package func isReadable(_ text: String) -> Bool {
        switch self {
        case .double: ["INF", "-INF", "NaN"].contains(text) || Double(text)?.isFinite ?? false
        case .float: ["INF", "-INF", "NaN"].contains(text) || Float(text)?.isFinite ?? false
        case .decimal: Self.isNETDecimal(text)
        case .duration: Self.isTimeSpan(text)
        default: true
        }
    }

    /// Below 2^96; digits after the point are rounded.
    private static func isNETDecimal(_ text: String) -> Bool {
        let largest = "79228162514264337593543950335"
        let parts = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            .split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].drop { $0 == UInt8(ascii: "0") }
        guard digits.count == largest.utf8.count else { return digits.count < largest.utf8.count }
        guard digits.elementsEqual(largest.utf8) else { return digits.lexicographicallyPrecedes(largest.utf8) }
        return parts.count == 1 || parts[1].first ?? 0 < UInt8(ascii: "5")
    }

    /// Each part at most an `int`; together no more than 64 bits of 100 ns, years of 365 days and months of 30.
    private static func isTimeSpan(_ text: String) -> Bool {
        var days = 0.0
        var number = 0.0
        var isTime = false
        var isFraction = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if !isFraction { number = number * 10 + Double(byte & 0x0F) }
                guard number <= Double(Int32.max) else { return false }
                continue
            case UInt8(ascii: "."):
                isFraction = true
                continue
            case UInt8(ascii: "T"): isTime = true
            case UInt8(ascii: "Y"): days += number * 365
            case UInt8(ascii: "M"): days += isTime ? number / 1440 : number * 30
            case UInt8(ascii: "D"): days += number
            case UInt8(ascii: "H"): days += number / 24
            case UInt8(ascii: "S"): days += number / 86_400
            default: break
            }
            number = 0
        }
        return days < 10_675_199.116_73
    }
}
