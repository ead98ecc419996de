package import StoreContracts

extension DeliveryOrder {
    /// Whether `left` comes before `right`.
    package func areOrdered(_ left: DeliveryID, _ right: DeliveryID) -> Bool {
        switch self {
        case .newestFirst: (left.event, left.webhook) > (right.event, right.webhook)
        case .oldestFirst: (left.event, left.webhook) < (right.event, right.webhook)
        }
    }

    /// How what comes after a delivery compares with it, in SQL.
    var sqlComparison: String { self == .newestFirst ? "<" : ">" }

    /// The direction of `ORDER BY`.
    var sqlDirection: String { self == .newestFirst ? "DESC" : "ASC" }

    /// What every delivery comes after.
    var start: DeliveryID {
        self == .newestFirst ? DeliveryID(event: .max, webhook: .max) : DeliveryID(event: .min, webhook: .min)
    }
}
