/// The first bytes of a document.
enum DocumentStart {
    /// Throws for what libxml2 lets pass, or reads at a cost that it does not bound.
    static func check(_ bytes: [UInt8], _ order: UTF16Order?) throws(XMLReadError) {
        // Half a code unit at the end.
        if bytes.count % 2 == 1, order != nil {
            throw .malformed(line: 1, reason: "UTF-16 takes two bytes at a time, and the document has an odd number.")
        }
        // An XML declaration that does not end, in whatever encoding has ASCII's digits and signs, zero bytes apart.
        var declaration = DeclarationEnd()
        for byte in bytes.prefix(XMLLimits.declarationBytes) where byte != 0 && byte < 0x80 {
            guard declaration.takes(byte) else { break }
        }
        if declaration.isMissing {
            guard bytes.count > XMLLimits.declarationBytes else { return }
            throw .limit(.declarationBytes, XMLLimits.declarationBytes)
        }
        // Encodings without them: EBCDIC.
        if bytes.starts(with: [0x4C, 0x6F, 0xA7, 0x94]) { throw .unsupportedEncoding("EBCDIC") }
    }
}

/// Looks for the end of an XML declaration, byte by byte.
private struct DeclarationEnd {
    private static let beginning: StaticString = "<?xml"
    private var begun = 0
    private var last: UInt8 = 0
    private var isFound = false

    /// Whether a declaration has begun and not ended.
    var isMissing: Bool { begun == Self.beginning.utf8CodeUnitCount && !isFound }

    /// Takes the next byte. Returns whether there is more to look for.
    mutating func takes(_ byte: UInt8) -> Bool {
        if begun < Self.beginning.utf8CodeUnitCount {
            guard byte == Self.beginning.utf8Start[begun] else { return false }
            begun += 1
        } else {
            isFound = last == UInt8(ascii: "?") && byte == UInt8(ascii: ">")
        }
        last = byte
        return !isFound
    }
}
