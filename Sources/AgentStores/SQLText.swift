import StoreContracts

extension [RowState] {
    /// The states' numbers as SQL lists them.
    var sqlList: String { map { String($0.rawValue) }.joined(separator: ", ") }
}

extension String {
    /// What stands between the quotes of an SQL literal of this text.
    var sqlLiteral: String { replacing("'", with: "''") }
}
