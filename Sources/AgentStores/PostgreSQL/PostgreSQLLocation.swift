import CLibPQ

/// Where a PostgreSQL database is, in any form that libpq reads.
package struct PostgreSQLLocation: Sendable, Hashable {
    /// As libpq takes it: `postgres://...`, or what stands after `postgres:` as keywords (`service=webhooks`).
    let connectionString: String

    /// Reads `postgres://...`, `postgresql://...` or `postgres:KEYWORD=VALUE ...`; nil for anything else.
    package init?(_ text: String) {
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            connectionString = text
        } else if text.hasPrefix("postgres:"), text.contains("=") {
            connectionString = String(text.dropFirst("postgres:".count))
        } else {
            return nil
        }
    }

    /// Without user, password and parameters. libpq tells where a password begins and ends only for what is well formed;
    /// of anything else nothing is shown.
    package var display: String {
        if let rest = connectionString.split(separator: "://", maxSplits: 1).dropFirst().first,
            connectionString.hasPrefix("postgres")
        {
            let pieces = rest.split(separator: "@", omittingEmptySubsequences: false)
            let hasParametersBeforeHost = pieces.dropLast().contains { $0.contains("?") }
            guard let last = pieces.last, !hasParametersBeforeHost else { return "postgres:" }
            return "postgres://" + (last.split(separator: "?", omittingEmptySubsequences: false).first ?? "")
        }
        let shown = connectionString.split(separator: " ").filter { word in
            ["service=", "host=", "port=", "dbname="].contains(where: word.hasPrefix) && !word.contains("'")
        }
        return "postgres:" + shown.joined(separator: " ")
    }

    /// A message of libpq's without the password.
    func redacted(_ message: String) -> String {
        guard let options = PQconninfoParse(connectionString, nil) else {
            return "libpq cannot read the location; see its documentation, \"Connection Strings\""
        }
        defer { PQconninfoFree(options) }
        var text = message
        var option = options
        while let keyword = option.pointee.keyword {
            if ["password", "sslpassword"].contains(String(cString: keyword)), let value = option.pointee.val {
                let secret = String(cString: value)
                if !secret.isEmpty { text.replace(secret, with: "***") }
            }
            option += 1
        }
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
