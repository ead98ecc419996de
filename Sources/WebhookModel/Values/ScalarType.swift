package import JSON

/// The simple types that a value of a `StringObjectDictionary` may have (docs/contract.md#section-3). The raw value is
/// the type's local name in XML Schema or, for the last three, in the serialization namespace.
package enum ScalarType: String, Sendable, Codable, CaseIterable {
    case string, boolean, byte, unsignedByte, short, unsignedShort, int, unsignedInt, long, unsignedLong
    case float, double, decimal, dateTime, base64Binary, anyURI
    case guid, char, duration

    /// Whether JSON has numbers for its values.
    var isNumber: Bool {
        switch self {
        case .byte, .unsignedByte, .short, .unsignedShort, .int, .unsignedInt, .long, .unsignedLong, .float, .double,
            .decimal:
            true
        default: false
        }
    }

    /// Whether `text` is a value of this type. White space around it must have been removed, strings apart.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .string, .anyURI: true
        case .boolean: text == "true" || text == "false" || text == "1" || text == "0"
        case .byte: Int8(text) != nil
        case .unsignedByte: UInt8(text) != nil
        case .short: Int16(text) != nil
        case .unsignedShort, .char: UInt16(text) != nil
        case .int: Int32(text) != nil
        case .unsignedInt: UInt32(text) != nil
        case .long: Int64(text) != nil
        case .unsignedLong: UInt64(text) != nil
        case .float, .double:
            Self.isNumber(text, allowingExponent: true) || text == "INF" || text == "-INF" || text == "NaN"
        case .decimal: Self.isNumber(text, allowingExponent: false)
        case .dateTime: Self.isDateTime(text)
        case .base64Binary: Self.isBase64(text)
        case .guid: Self.isGuid(text)
        case .duration: Self.isDuration(text)
        }
    }

    /// `text` as JSON (docs/contract.md#section-3): numbers keep every digit, what JSON has no form for is a string.
    package func json(_ text: String) -> JSONValue {
        switch self {
        case .boolean: .bool(text == "true" || text == "1")
        case _ where isNumber: Self.jsonNumber(text).map(JSONValue.number) ?? .string(text)
        // A number that is no character, and the character at which texts end, are shown as numbers.
        case .char:
            .string(UInt32(text).flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }.map(String.init) ?? text)
        default: .string(text)
        }
    }

    /// XML Schema allows `+1`, `007`, `.5` and `5.`, JSON none of them; nil when `text` is no number at all.
    private static func jsonNumber(_ text: String) -> String? {
        guard isNumber(text, allowingExponent: true) else { return nil }
        var rest = Substring(text)
        var number = ""
        if rest.first == "-" { number = "-" }
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(whole.count)
        let significant = whole.drop { $0 == "0" }
        number += significant.isEmpty ? "0" : String(significant)
        if rest.first == "." {
            rest.removeFirst()
            let fraction = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(fraction.count)
            if !fraction.isEmpty { number += "." + fraction }
        }
        return number + rest
    }

    private static func isNumber(_ text: String, allowingExponent: Bool) -> Bool {
        var text = text
        return text.withUTF8 { isNumber($0, allowingExponent: allowingExponent) }
    }

    private static func isNumber(_ bytes: UnsafeBufferPointer<UInt8>, allowingExponent: Bool) -> Bool {
        var index = 0
        func digits() -> Int {
            let start = index
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
            return index - start
        }
        func skip(_ one: UInt8, _ other: UInt8) -> Bool {
            guard index < bytes.count, bytes[index] == one || bytes[index] == other else { return false }
            index += 1
            return true
        }
        _ = skip(UInt8(ascii: "+"), UInt8(ascii: "-"))
        var count = digits()
        if skip(UInt8(ascii: "."), UInt8(ascii: ".")) { count += digits() }
        guard count > 0 else { return false }
        if allowingExponent, skip(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = skip(UInt8(ascii: "+"), UInt8(ascii: "-"))
            guard digits() > 0 else { return false }
        }
        return index == bytes.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isBase64(_ text: String) -> Bool {
        var symbols = 0
        var padding = 0
        for byte in text.utf8 where byte > 0x20 {
            switch byte {
            case UInt8(ascii: "="): padding += 1
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                guard padding == 0 else { return false }
                symbols += 1
            default: return false
            }
        }
        return padding <= 2 && (symbols + padding) % 4 == 0
    }

    /// `8-4-4-4-12` hexadecimal digits.
    private static func isGuid(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : Character(Unicode.Scalar(byte)).isHexDigit
            }
    }

    /// Whether `text` is a date or a time in any of XML Schema's forms (XML Schema, part 2, 3.2.7 to 3.2.14). The type
    /// ``dateTime`` takes fewer: no year before 1 or after 9999, and no 24:00.
    package static func isDateOrTime(_ text: String) -> Bool {
        // Nearly all are.
        if isDateTime(text) { return true }
        let form =
            #/
            (?:(?<year>-?\d{4,})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<clock>[\d:.]+))?)?)?
            |--(?<monthAlone>\d\d)(?:-(?<dayOfMonth>\d\d))?|---(?<dayAlone>\d\d)|(?<clockAlone>[\d:.]+))
            (?:Z|[+\-](?<zone>\d\d:\d\d))?
            /#
        guard text.utf8.count < 64, let match = try? form.wholeMatch(in: text)?.output else { return false }
        let month = match.month ?? match.monthAlone ?? "01"
        let day = match.day ?? match.dayOfMonth ?? match.dayAlone ?? "01"
        // A leap year stands for one that is not told, and a year of 400 for one that has no four digits.
        let year = match.year.flatMap { Int($0) }.map { (($0 % 400) + 400) % 400 + 400 } ?? 400
        var clock = match.clock ?? match.clockAlone ?? "00:00:00"
        if clock.wholeMatch(of: /24:00:00(?:\.0+)?/) != nil { clock = "00:00:00" }
        let digits = String(year)
        return isDateTime(
            String(repeating: "0", count: 4 - digits.count) + digits + "-\(month)-\(day)T\(clock)"
                + (match.zone.map { "+\($0)" } ?? "")
        )
    }

    /// `yyyy-MM-ddTHH:mm:ss`, then a fraction and a zone or neither; the day must exist.
    private static func isDateTime(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(isDateTime)
    }

    private static func isDateTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        func number(_ start: Int, _ count: Int) -> Int? {
            var value = 0
            for byte in bytes[start..<start + count] {
                guard isDigit(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard bytes.count >= 19, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] == UInt8(ascii: "T"),
            bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), year > 0, (1...12).contains(month)
        else { return false }
        guard day >= 1, day <= days(of: month, in: year), hour < 24, minute < 60, second < 60 else { return false }
        var index = 19
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
            guard index > 20 else { return false }
        }
        guard index < bytes.count else { return true }
        if bytes[index] == UInt8(ascii: "Z") { return index == bytes.count - 1 }
        guard bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-"), index == bytes.count - 6,
            bytes[index + 3] == 0x3A, let hours = number(index + 1, 2), let minutes = number(index + 4, 2)
        else { return false }
        return minutes < 60 && hours * 60 + minutes <= 14 * 60
    }

    private static func days(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// `PnYnMnDTnHnMnS`, at least one of them, and at least one after a `T`.
    private static func isDuration(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        guard rest.popFirst() == UInt8(ascii: "P") else { return false }
        var units = Array("YMD".utf8)[...]
        var isTime = false
        var parts = 0
        while let byte = rest.first {
            if byte == UInt8(ascii: "T") {
                guard !isTime else { return false }
                (isTime, parts, units) = (true, 0, Array("HMS".utf8)[...])
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(digits)
            var hasFraction = false
            if isTime, rest.first == UInt8(ascii: ".") {
                let fraction = rest.dropFirst().prefix { (0x30...0x39).contains($0) }.count
                guard fraction > 0 else { return false }
                rest = rest.dropFirst(fraction + 1)
                hasFraction = true
            }
            guard digits > 0, let unit = rest.popFirst(), let place = units.firstIndex(of: unit),
                !hasFraction || unit == UInt8(ascii: "S")
            else { return false }
            units = units[(place + 1)...]
            parts += 1
        }
        return parts > 0
    }
}
