/// Percent-encoding (RFC 3986, section 2.1).
package enum PercentEncoding {
    /// The bytes that `bytes` stand for; nil when a percent sign is not followed by two hexadecimal digits.
    ///
    /// - Parameter plus: What a `+` stands for: a space in forms and queries.
    @inlinable
    package static func decoded(_ bytes: some Sequence<UInt8>, plus: UInt8 = UInt8(ascii: "+")) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(plus)
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(value(of:)), let low = iterator.next().flatMap(value(of:))
                else {
                    return nil
                }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return decoded
    }

    @usableFromInline
    static func value(of digit: UInt8) -> UInt8? {
        Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
    }
}
