/// A number that a store tells of itself, for those who watch it.
package struct StoreMeasurement: Sendable, Hashable {
    /// What is counted or measured.
    package enum Quantity: Sendable, Hashable {
        /// Waits for the database server so far, by connections of this kind.
        case roundTrips(lane: String)
        /// This machine's clock minus the database server's, in seconds.
        case clockSkew
        /// Dead rows of the table of deliveries.
        case deadDeliveryRows
        /// Size of the table of deliveries, in bytes.
        case deliveryTableSize
        /// Age of the oldest snapshot, in seconds.
        case oldestSnapshotAge
        /// Transactions that have begun since the oldest snapshot.
        case oldestSnapshotTransactions
    }

    /// What is counted or measured.
    package var quantity: Quantity
    /// The number, in the quantity's unit.
    package var value: Double

    /// Creates a measurement.
    package init(_ quantity: Quantity, _ value: Double) {
        (self.quantity, self.value) = (quantity, value)
    }
}
