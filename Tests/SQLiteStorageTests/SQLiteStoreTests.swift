import Foundation
import StoreConformance
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("SQLite store")
struct SQLiteStoreTests {
    @Test("Does what every store must", .timeLimit(.minutes(5)), arguments: StoreSuite.cases)
    func conformance(_ storeCase: StoreCase) async throws {
        try await withDatabase { path in
            try await opening(path) { try await storeCase.run($0) }
        }
    }
}

/// A store that is open only during `body`: a process's life, as the file sees it.
func opening(_ path: String, _ body: (SQLiteStore) async throws -> Void) async throws {
    try await body(try await whenUnlocked { try SQLiteStore(path: path) })
}
