import StoreContracts

/// The columns that both SQL stores fill when they insert a row, in the order of the values.
package enum InsertedColumns {
    /// The columns of a delivery that an event makes.
    package static let signalledDelivery = newDelivery + StoreTable.delivery.columns("reason")
    /// The columns of a delivery that is sent again and has no row.
    package static let replayedDelivery = newDelivery + StoreTable.delivery.columns("is_replay")

    private static let newDelivery = StoreTable.delivery.columns(
        "event_id",
        "webhook_id",
        "state",
        "attempts",
        "due",
        "fence",
        "body_suffix"
    )

    /// The columns of an attempt but its id, which the database gives out.
    package static let attempt =
        StoreTable.attempt.columns("event_id", "webhook_id") + Attempt.columns
        + StoreTable.attempt.columns("delivered_suffix")
}
