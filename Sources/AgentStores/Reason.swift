/// Why a delivery that was not sent stays on record.
enum Reason {
    static let deleted = "The webhook was deleted."

    /// Contract, section 6: recorded as undeliverable here, not sent. The webhook's type stands between the two.
    static let undeliverable = (before: "Webhooks of type '", after: "' are not delivered by this service.")

    static func undeliverable(type: String) -> String {
        undeliverable.before + type + undeliverable.after
    }
}

extension String {
    /// What stands between the quotes of an SQL literal of this text.
    var sqlLiteral: String { replacing("'", with: "''") }
}
