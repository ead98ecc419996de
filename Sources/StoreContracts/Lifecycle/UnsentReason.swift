/// Why a delivery that was not sent stays on record.
package enum UnsentReason {
    /// Its webhook was deleted.
    package static let deleted = "The webhook was deleted."

    /// Its webhook is of a type that this service records, but does not send (docs/contract.md#section-6). The type
    /// stands between the two texts.
    package static let undeliverable = (before: "Webhooks of type '", after: "' are not delivered by this service.")

    /// The whole text for a type.
    package static func undeliverable(type: String) -> String {
        undeliverable.before + type + undeliverable.after
    }
}
