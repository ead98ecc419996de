import Foundation
import StoreContracts
import TestSupport

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
/// Throws what `open` throws, and ``NotInTime`` where another store still has the file after two minutes.
package func whenUnlocked<Value>(_ open: () async throws -> Value) async throws -> Value {
    var opened: Value?
    try await eventually("no other store has the file") {
        do {
            opened = try await open()
        } catch let error as StoreError where error.kind == "inUse" {}
        return opened != nil
    }
    return opened!
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
