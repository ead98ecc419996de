import Foundation
import StoreContracts

/// The path of a database that does not exist yet, in a directory that exists only during `body`.
package func withDatabase(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("StoreConformance-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appendingPathComponent("webhooks.db").path)
}

extension StoreError {
    /// The case alone.
    package var kind: String {
        switch self {
        case .unavailable: "unavailable"
        case .overloaded: "overloaded"
        case .newerSchema: "newerSchema"
        case .inUse: "inUse"
        case .corrupt: "corrupt"
        }
    }
}
