package import Foundation
package import StoreContracts
package import WebhookModel

/// A row of an SQL database, read by the places of its columns, from 0.
///
/// A getter throws ``StoreError/corrupt(_:)``, which names the column, when the database holds a value that does not fit, or
/// none where there must be one.
package protocol StoreRow {
    func optionalInt(_ column: Int) throws(StoreError) -> Int64?
    func optionalText(_ column: Int) throws(StoreError) -> String?
    func optionalBytes(_ column: Int) throws(StoreError) -> [UInt8]?
    func uuid(_ column: Int) throws(StoreError) -> UUID

    /// The name of a column, for errors.
    func name(of column: Int) -> String
}

extension StoreRow {
    package func int(_ column: Int) throws(StoreError) -> Int64 { try present(optionalInt(column), column) }

    package func int32(_ column: Int) throws(StoreError) -> Int32 {
        guard let value = Int32(exactly: try int(column)) else { throw damaged(column, "a number that is too large") }
        return value
    }

    package func count(_ column: Int) throws(StoreError) -> Int { Int(try int(column)) }
    package func bool(_ column: Int) throws(StoreError) -> Bool { try int(column) != 0 }
    package func timestamp(_ column: Int) throws(StoreError) -> Timestamp { Timestamp(ticks: try int(column)) }

    package func optionalTimestamp(_ column: Int) throws(StoreError) -> Timestamp? {
        try optionalInt(column).map(Timestamp.init(ticks:))
    }

    package func text(_ column: Int) throws(StoreError) -> String { try present(optionalText(column), column) }
    package func bytes(_ column: Int) throws(StoreError) -> [UInt8] { try present(optionalBytes(column), column) }

    /// The value of a column of JSON; nil where it is null.
    package func json<Value: Decodable>(_ column: Int) throws -> Value? { try WebhookRow.value(optionalText(column)) }

    /// The error of a column that holds what it should not.
    package func damaged(_ column: Int, _ problem: String) -> StoreError {
        .corrupt("the column \(name(of: column)) holds \(problem)")
    }

    private func present<Value>(_ value: Value?, _ column: Int) throws(StoreError) -> Value {
        guard let value else { throw damaged(column, "null instead of a value") }
        return value
    }
}
