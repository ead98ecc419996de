import Foundation
import StoreContracts

/// The path of a database that does not exist yet, in a directory that exists only during `body`.
package func withDatabase(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("StoreConformance-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appendingPathComponent("webhooks.db").path)
}

/// Opens a file that this test alone uses, again while another store has it. A child that another test has just made holds
/// all files of the process, and their locks, until it begins its own program.
///
/// Throws what `open` throws, and that another store has the file only after two minutes.
package func whenUnlocked<Value>(_ open: () async throws -> Value) async throws -> Value {
    let deadline = ContinuousClock.now.advanced(by: .seconds(120))
    while true {
        do {
            return try await open()
        } catch let error as StoreError {
            guard error.kind == "inUse", ContinuousClock.now < deadline else { throw error }
        }
        try await Task.sleep(for: .milliseconds(20))
    }
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
