import SQLiteStorage
import StoreConformance
import StoreContracts
import Testing

/// Why a store cannot be opened at `path`, as text; "none" where it opens.
func failure(opening path: String) -> String {
    do {
        _ = try SQLiteStore(path: path)
        return "none"
    } catch {
        return error.description
    }
}

/// Expects that nothing is acknowledged, read or called ready, each with a reason that holds `text`.
func expectRefusal(
    _ store: SQLiteStore,
    _ text: String,
    sourceLocation: SourceLocation = #_sourceLocation
) async {
    let calls: [(String, () async throws -> Void)] = [
        ("signal", { _ = try await store.signal(Sample.event("contact.created")) }),
        ("add", { _ = try await store.add(Sample.webhook()) }),
        ("read", { _ = try await store.webhook(id: 1, in: Sample.scope) }),
        ("health", { try await store.checkHealth() }),
    ]
    for (name, call) in calls {
        do {
            try await call()
            Issue.record("\(name) did not fail", sourceLocation: sourceLocation)
        } catch {
            #expect("\(error)".contains(text), "\(name)", sourceLocation: sourceLocation)
        }
    }
}
