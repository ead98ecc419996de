package import Foundation
import Synchronization

/// Makes random ids (RFC 9562, version 4) from bytes that are fetched many at a time: `UUID()` opens a file of the system
/// for each.
package final class RandomIDs: Sendable {
    private struct Supply {
        var bytes: [UInt8] = []
        var used = 0
    }

    private static let bytesPerFetch = 4096
    private let supply = Mutex(Supply())

    /// Creates a maker that has fetched nothing.
    package init() {}

    /// Returns an id that no call has returned before.
    package func next() -> UUID {
        supply.withLock { supply in
            if supply.used == supply.bytes.count { supply = Supply(bytes: SecureRandom.bytes(Self.bytesPerFetch)) }
            let start = supply.used
            supply.used += 16
            var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: supply.bytes[start..<start + 16]) }
            id.6 = id.6 & 0x0F | 0x40
            id.8 = id.8 & 0x3F | 0x80
            return UUID(uuid: id)
        }
    }
}
