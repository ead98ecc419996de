package import AgentCore

/// What a service keeps its state in.
package typealias AgentStore = WebhookStore & DeliveryQueue & DeliveryLog & SessionStore

/// Where a store is, as `--store` names it.
package enum StoreLocation: Sendable, Hashable {
    /// Nothing outlives the process; for tests and trials.
    case memory
    /// One SQLite file, served by one process.
    case sqlite(path: String)

    /// Reads `memory:` or `sqlite:PATH`; nil for anything else.
    package init?(_ text: String) {
        if text == "memory:" {
            self = .memory
        } else if text.hasPrefix("sqlite:"), text.count > 7 {
            self = .sqlite(path: String(text.dropFirst(7)))
        } else {
            return nil
        }
    }

    /// The forms that are understood, for messages.
    package static let forms = "sqlite:PATH or memory:"

    /// As it may be logged.
    package var display: String {
        switch self {
        case .memory: "memory:"
        case .sqlite(let path): "sqlite:" + path
        }
    }

    /// What keeps it, as `GetSystemInfo` names it.
    package var databaseType: String {
        switch self {
        case .memory: "Memory"
        case .sqlite: "SQLite"
        }
    }

    /// Opens the store, makes or migrates its schema, and takes hold of it.
    package func open() throws(StoreError) -> any AgentStore {
        switch self {
        case .memory: MemoryStore()
        case .sqlite(let path): try SQLiteStore(path: path)
        }
    }
}
