package import PostgreSQLClient
package import StoreContracts
import StoreSupport
import WebhookModel

/// The columns of `attempt` that a result fills, as arrays.
package enum AttemptColumns {
    package static let names = Attempt.columns.sqlList

    /// Returns the columns as parameters from number `first` on.
    package static func parameters(from first: Int) -> String { Attempt.columns.arrayParameters(from: first) }

    package static func values(_ attempts: [Attempt]) throws -> [PostgreSQLValue] {
        [
            .texts(attempts.map { text($0.url) }),
            .texts(try attempts.map { $0.ownHeaders.isEmpty ? nil : try WebhookRow.json($0.ownHeaders) }),
            .ints(attempts.map(\.started.ticks)), .ints(attempts.map { WebhookRow.ticks($0.duration) }),
            .ints(attempts.map(\.retry)), .ints(attempts.map { $0.status.map(Int64.init) }),
            .texts(attempts.map(\.errorClass)), .texts(attempts.map { text($0.summary) }),
            .texts(attempts.map(\.signature)), .blobs(attempts.map(\.answer)),
        ]
    }

    /// PostgreSQL keeps no NUL, and a result must not be refused for one.
    package static func text(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }
}
