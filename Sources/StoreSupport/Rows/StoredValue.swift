/// A value of a column, as both SQL stores keep it.
package enum StoredValue: Sendable {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])

    package init(_ value: Int64?) { self = value.map(Self.int) ?? .null }
    package init(_ value: String?) { self = value.map(Self.text) ?? .null }
}
