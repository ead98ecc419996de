import Foundation
import MemoryStorage
import SQLiteStorage
import StoreContracts

/// The stores that an engine is tried on in this process.
enum StoreKind: CaseIterable {
    case memory
    case sqlite

    /// Calls `body` with an empty store.
    func withStore<Result>(_ body: (any AgentStore) async throws -> Result) async throws -> Result {
        guard self == .sqlite else { return try await body(MemoryStore()) }
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("WebhookDeliveryTests-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try await body(SQLiteStore(path: directory.appendingPathComponent("webhooks.db").path))
    }
}
