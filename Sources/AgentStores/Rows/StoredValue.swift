/// A value of a column, as both SQL stores keep it.
enum StoredValue: Sendable {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])

    init(_ value: Int64?) { self = value.map(Self.int) ?? .null }
    init(_ value: String?) { self = value.map(Self.text) ?? .null }
}
