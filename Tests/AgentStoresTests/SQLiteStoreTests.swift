import AgentCore
import AgentStores
import Foundation
import Testing

@Suite("SQLite store")
struct SQLiteStoreTests {
    @Test("Does what every store must", .timeLimit(.minutes(5)), arguments: StoreConformance.cases)
    func conformance(_ storeCase: StoreCase) async throws {
        try await withDatabase { path in
            try await opening(path) { try await storeCase.run($0) }
        }
    }
}

/// The path of a database that does not exist yet, in a directory that exists only during `body`.
func withDatabase(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("AgentStoresTests-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appendingPathComponent("webhooks.db").path)
}

/// A store that is open only during `body`: a process's life, as the file sees it.
func opening(_ path: String, _ body: (SQLiteStore) async throws -> Void) async throws {
    let store = try SQLiteStore(path: path)
    try await body(store)
}

extension StoreError {
    /// The case alone.
    var kind: String {
        switch self {
        case .unavailable: "unavailable"
        case .overloaded: "overloaded"
        case .newerSchema: "newerSchema"
        case .inUse: "inUse"
        case .corrupt: "corrupt"
        }
    }
}
