/// What a JSON number amounts to, whatever its form: `1.0`, `1` and `10e-1` are equal, and so are `0` and `-0`. No digit
/// is lost, as it would be in a Double.
package struct DecimalValue: Hashable {
    private let isNegative: Bool
    /// The digits without zeros at either end. There are none for zero.
    private let digits: [UInt8]
    /// The power of ten of the last digit.
    private let exponent: Int

    /// - Parameter number: A number of RFC 8259. nil when its exponent has more than 15 digits: it is then equal to what
    ///   is written like it and to nothing else.
    package init?(_ number: String) {
        let parts = number.utf8.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        guard let mantissa = parts.first else { return nil }
        var exponent = 0
        if parts.count > 1 {
            guard parts[1].count <= 16, let written = Int(String(parts[1]) ?? "") else { return nil }
            exponent = written
        }
        let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.endIndex
        exponent -= max(0, mantissa[point...].count - 1)
        let all = mantissa.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        var significant = all.drop { $0 == UInt8(ascii: "0") }
        while significant.last == UInt8(ascii: "0") {
            significant.removeLast()
            exponent += 1
        }
        digits = Array(significant)
        isNegative = mantissa.first == UInt8(ascii: "-") && !digits.isEmpty
        self.exponent = digits.isEmpty ? 0 : exponent
    }

    /// The nearest number with so many digits, halves away from zero.
    package func rounded(toDigits count: Int) -> DecimalValue {
        guard digits.count > count else { return self }
        var kept = Array(digits[..<count])
        var exponent = exponent + digits.count - count
        if digits[count] >= UInt8(ascii: "5") {
            var index = count - 1
            while index >= 0, kept[index] == UInt8(ascii: "9") {
                kept[index] = UInt8(ascii: "0")
                index -= 1
            }
            if index >= 0 {
                kept[index] += 1
            } else {
                kept.insert(UInt8(ascii: "1"), at: 0)
            }
        }
        while kept.last == UInt8(ascii: "0") {
            kept.removeLast()
            exponent += 1
        }
        return DecimalValue(isNegative: isNegative, digits: kept, exponent: exponent)
    }

    private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        (self.isNegative, self.digits, self.exponent) = (isNegative, digits, exponent)
    }

    /// Whether two numbers of RFC 8259 are equal.
    package static func areEqual(_ first: String, _ second: String) -> Bool {
        guard first != second else { return true }
        guard let first = DecimalValue(first), let second = DecimalValue(second) else { return false }
        return first == second
    }
}

extension DecimalValue {
    /// The whole number that a number of RFC 8259 such as `5.0` or `1e2` amounts to, nil when it is none or too large.
    package static func int32(_ number: String) -> Int32? {
        guard let value = DecimalValue(number), value.exponent >= 0, value.digits.count + value.exponent <= 10 else {
            return nil
        }
        let digits = value.digits.reduce(Int64(0)) { $0 * 10 + Int64($1 & 0x0F) }
        let magnitude = (0..<value.exponent).reduce(digits) { total, _ in total * 10 }
        return Int32(exactly: value.isNegative ? -magnitude : magnitude)
    }
}
