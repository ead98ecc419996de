import JSON

/// Reads JSON given as text.
func parsedJSON(_ text: String) throws(JSONReadError) -> JSONValue {
    try JSONReader().read(Array(text.utf8))
}

/// UTF-16 with the byte order mark.
func markedUTF16(_ text: String, littleEndian: Bool) -> [UInt8] {
    ([0xFEFF] + text.utf16).flatMap { unit in
        let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
        return littleEndian ? bytes.reversed() : bytes
    }
}
