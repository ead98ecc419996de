import CLibPQ

/// Where a PostgreSQL database is, in any form that libpq reads.
package struct PostgreSQLLocation: Sendable, Hashable {
    /// The text that libpq takes: `postgres://...`, or the keywords that follow `postgres:` (`service=webhooks`).
    package let connectionString: String

    /// Says what is wrong with a location, and repeats no part of it: a location that cannot be read may hold a password
    /// anywhere.
    package struct ParseError: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// Reads `postgres://...`, `postgresql://...` or `postgres:KEYWORD=VALUE ...`. Throws an error that says what is wrong.
    ///
    /// - Returns: nil for a text of another form.
    package init?(_ text: String) throws(ParseError) {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            connectionString = text
            try Self.checkEscapes(text.drop { $0 != "/" }.dropFirst(2))
        } else if text.hasPrefix("postgres:"), text.contains("=") {
            connectionString = String(text.dropFirst("postgres:".count))
        } else {
            return nil
        }
        try checkOptions()
    }

    /// Finds characters that stand for themselves where they separate the parts of a URL. libpq would cut the URL there,
    /// and show a part of a password as a host's or a database's name.
    private static func checkEscapes(_ rest: Substring) throws(ParseError) {
        let hexDigits = Set("0123456789abcdefABCDEF")
        let escapes = rest.indices.filter { rest[$0] == "%" }.map { rest[$0...].dropFirst().prefix(2) }
        let hasUser = rest.contains("@")
        let user = rest.prefix { $0 != "@" }
        let afterUser = rest.dropFirst(user.count + 1)
        guard escapes.allSatisfy({ $0.count == 2 && $0 != "00" && $0.allSatisfy(hexDigits.contains) }),
            !rest.contains("#"), !hasUser || !user.contains(where: "/?".contains) && !afterUser.contains("@")
        else {
            throw ParseError(
                """
                it holds one of the characters @ / ? # % where it must be percent-encoded: write %40 %2F %3F %23 %25 for \
                them in the user, the password and the values after '?'
                """
            )
        }
    }

    /// Has libpq read the text. The words in which libpq says what is wrong may hold the password.
    private func checkOptions() throws(ParseError) {
        guard let ports = options(named: ["port"]) else {
            throw ParseError(
                """
                libpq cannot read it; percent-encode special characters of the user and the password in a URL, quote them \
                after 'postgres:', and see "Connection Strings" in PostgreSQL's documentation
                """
            )
        }
        let isNumeric = ports.allSatisfy { port in
            port.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
                part.isEmpty || UInt16(part).map { $0 > 0 } ?? false
            }
        }
        guard isNumeric else {
            throw ParseError(
                "the port must be a number up to 65535; if a part of a password stands there, write it percent-encoded"
            )
        }
    }

    /// The values that the text gives to options; nil when libpq cannot read it.
    private func options(named names: Set<String>) -> [String]? {
        guard let options = PQconninfoParse(connectionString, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var values: [String] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if names.contains(String(cString: keyword)), let value = option.pointee.val {
                values.append(String(cString: value))
            }
            option += 1
        }
        return values
    }

    /// The location without user, password and parameters.
    package var display: String {
        if let rest = connectionString.split(separator: "://", maxSplits: 1).dropFirst().first,
            connectionString.hasPrefix("postgres")
        {
            let afterUser = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
            return "postgres://" + afterUser.prefix { $0 != "?" }
        }
        let shown = ["service", "host", "hostaddr", "port", "dbname"].flatMap { name in
            (options(named: [name]) ?? []).map { "\(name)=\($0)" }
        }
        return "postgres:" + shown.joined(separator: " ")
    }

    /// A message of libpq's without the password.
    func redacted(_ message: String) -> String {
        var text = message
        for secret in options(named: ["password", "sslpassword"]) ?? [] where !secret.isEmpty {
            text.replace(secret, with: "***")
        }
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
