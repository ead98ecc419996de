import Foundation
import HTTPServing

/// How the admin API's answers are written.
enum AdminJSON {
    /// `value` as JSON, members in alphabetical order.
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}

/// Writes an object whose one member is a list of items that are JSON already.
struct AdminListWriter: ListWriter {
    private var bytes: [UInt8]
    private var isFirst = true

    init(member: StaticString) {
        bytes = Array("{\"\(member)\":[".utf8)
    }

    mutating func write(_ item: Data) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes += item
    }

    mutating func end() { bytes += "]}".utf8 }

    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }
}
