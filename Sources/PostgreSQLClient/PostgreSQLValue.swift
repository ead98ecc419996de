package import Foundation

/// A parameter of a statement. It is sent in PostgreSQL's binary format, hence never quoted or read as SQL.
package enum PostgreSQLValue: Sendable {
    case int(Int64?)
    case text(String?)
    case bytes([UInt8]?)
    case uuid(UUID?)
    case bool(Bool)
    case ints([Int64?])
    case texts([String?])
    case blobs([[UInt8]?])
    case uuids([UUID?])
    case bools([Bool])

    package static func int<Value: BinaryInteger>(_ value: Value) -> Self { .int(Optional(Int64(value))) }

    package static func ints<Value: BinaryInteger>(_ values: some Sequence<Value>) -> Self {
        .ints(values.map { Int64($0) as Int64? })
    }

    /// The type's number in `pg_type`.
    var type: UInt32 {
        switch self {
        case .int: Element.int8.type
        case .text: Element.text.type
        case .bytes: Element.bytea.type
        case .uuid: Element.uuid.type
        case .bool: Element.bool.type
        case .ints: 1016
        case .texts: 1009
        case .blobs: 1001
        case .uuids: 2951
        case .bools: 1000
        }
    }

    private enum Element {
        case int8, text, bytea, uuid, bool

        var type: UInt32 {
            switch self {
            case .bool: 16
            case .bytea: 17
            case .int8: 20
            case .text: 25
            case .uuid: 2950
            }
        }
    }

    /// Appends the value. Returns whether there is one: null has no bytes.
    func encode(into buffer: inout [UInt8]) -> Bool {
        switch self {
        case .int(let value): return Self.append(value, &buffer) { $1.append(bigEndian: $0) }
        case .text(let value): return Self.append(value, &buffer) { $1.append(contentsOf: $0.utf8) }
        case .bytes(let value): return Self.append(value, &buffer) { $1.append(contentsOf: $0) }
        case .uuid(let value): return Self.append(value, &buffer) { $1.append($0) }
        case .bool(let value): buffer.append(value ? 1 : 0)
        case .ints(let values): Self.append(values, of: .int8, &buffer) { $1.append(bigEndian: $0) }
        case .texts(let values): Self.append(values, of: .text, &buffer) { $1.append(contentsOf: $0.utf8) }
        case .blobs(let values): Self.append(values, of: .bytea, &buffer) { $1.append(contentsOf: $0) }
        case .uuids(let values): Self.append(values, of: .uuid, &buffer) { $1.append($0) }
        case .bools(let values): Self.append(values, of: .bool, &buffer) { $1.append($0 ? 1 : 0) }
        }
        return true
    }

    private static func append<Value>(
        _ value: Value?,
        _ buffer: inout [UInt8],
        _ encode: (Value, inout [UInt8]) -> Void
    ) -> Bool {
        guard let value else { return false }
        encode(value, &buffer)
        return true
    }

    /// One dimension from 1, as `array_recv` reads it.
    private static func append<Value>(
        _ values: [Value?],
        of element: Element,
        _ buffer: inout [UInt8],
        _ encode: (Value, inout [UInt8]) -> Void
    ) {
        buffer.append(bigEndian: Int32(values.isEmpty ? 0 : 1))
        buffer.append(bigEndian: Int32(1))
        buffer.append(bigEndian: element.type)
        guard !values.isEmpty else { return }
        buffer.append(bigEndian: Int32(values.count))
        buffer.append(bigEndian: Int32(1))
        for value in values {
            let start = buffer.count
            buffer.append(bigEndian: Int32(-1))
            guard let value else { continue }
            encode(value, &buffer)
            let length = UInt32(buffer.count - start - 4)
            for index in 0..<4 { buffer[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ value: UUID) {
        Swift.withUnsafeBytes(of: value.uuid) { append(contentsOf: $0) }
    }
}
