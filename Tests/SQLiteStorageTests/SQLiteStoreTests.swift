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
    try await body(try await open(path))
}

/// Opens a store that this test alone uses. A child that another test has just made holds all files of the process, and
/// their locks, until it begins its own program.
private func open(_ path: String) async throws -> SQLiteStore {
    let deadline = ContinuousClock.now.advanced(by: .seconds(30))
    while true {
        do {
            return try SQLiteStore(path: path)
        } catch {
            guard error.kind == "inUse", ContinuousClock.now < deadline else { throw error }
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
