/// The value of a `Content-Type` field.
package struct MediaType: Sendable, Hashable {
    /// Lower case, without parameters: `text/xml`.
    package let essence: String
    /// The charset as it was sent, without quotes. It is nil when absent or empty.
    package let charset: String?
    /// The parameter `action`, which SOAP 1.2 defines (RFC 3902); nil when absent or empty.
    package let action: String?

    /// Reads a header's value. Real clients quote parameters or not, write `UTF-8` or `utf-8`, and end with a bare `;`
    /// (docs/contract.md#section-9).
    package init(_ value: String) {
        var parameters: [String: String] = [:]
        let parts = Self.split(value)
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = Self.trimmed(part[..<equals]).lowercased()
            var text = Self.trimmed(part[part.index(after: equals)...])
            if text.count > 1, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
            if !text.isEmpty, parameters[name] == nil { parameters[name] = String(text) }
        }
        essence = parts.first.map { Self.trimmed($0[...]).lowercased() } ?? ""
        charset = parameters["charset"]
        action = parameters["action"]
    }

    /// Splits at the semicolons that stand outside quotes.
    private static func split(_ value: String) -> [String] {
        var parts = [""]
        var isQuoted = false
        for character in value {
            if character == "\"" { isQuoted.toggle() }
            if character == ";" && !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return text
    }
}
