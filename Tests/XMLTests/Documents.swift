import XML

/// Reads a document given as text and returns its element.
func parsedRoot(of text: String, limits: XMLLimits = XMLLimits()) throws -> XMLElement {
    try XMLReader(limits: limits).read(Array(text.utf8)).root
}

extension String {
    /// UTF-16 with the low byte first, without a byte order mark.
    var utf16LittleEndian: [UInt8] {
        utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    /// UTF-16 with the high byte first, without a byte order mark.
    var utf16BigEndian: [UInt8] {
        utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    /// ISO-8859-1; what it cannot hold becomes a question mark.
    var latin1: [UInt8] {
        unicodeScalars.map { UInt8(exactly: $0.value) ?? UInt8(ascii: "?") }
    }
}

/// A small envelope with something of everything: declaration, attributes, references, CDATA and a comment.
let smallEnvelope = """
    <?xml version="1.0" encoding="utf-8"?>\
    <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>\
    <a xmlns="urn:x" b="1&amp;2">&#65;é<![CDATA[<]]><!-- c --><c/></a>\
    </s:Body></s:Envelope>
    """
