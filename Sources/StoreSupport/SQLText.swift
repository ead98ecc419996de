import StoreContracts

extension [DeliveryRowState] {
    /// The states' numbers as SQL lists them.
    package var sqlList: String { map { String($0.rawValue) }.joined(separator: ", ") }
}

extension String {
    /// What stands between the quotes of an SQL literal of this text.
    package var sqlLiteral: String { replacing("'", with: "''") }
}
