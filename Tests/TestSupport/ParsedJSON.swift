package import JSON

/// Reads JSON given as text.
package func parsedJSON(
    _ text: String,
    limits: JSONReader.Limits = JSONReader.Limits()
) throws(JSONReadError) -> JSONValue {
    try JSONReader(limits: limits).read(Array(text.utf8))
}

/// UTF-16 with the byte order mark.
package func markedUTF16(_ text: String, littleEndian: Bool) -> [UInt8] {
    markedUTF16(Array(text.utf16), littleEndian: littleEndian)
}

/// UTF-16 with the byte order mark.
package func markedUTF16(_ units: [UInt16], littleEndian: Bool) -> [UInt8] {
    ([0xFEFF] + units).flatMap { unit in
        let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
        return littleEndian ? bytes.reversed() : bytes
    }
}
