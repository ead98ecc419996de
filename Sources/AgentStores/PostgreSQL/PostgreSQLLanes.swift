/// The connections of a store, by what they are for, so that none of it waits for another kind.
///
/// libpq's calls block, so each connection has a thread of its own (``PostgreSQLLane``).
struct PostgreSQLLanes: Sendable {
    /// Takes events in.
    let signals: PostgreSQLLane
    /// Looks for deliveries that are due, and takes them.
    let claims: PostgreSQLLane
    /// Records results.
    let results: PostgreSQLLane
    /// Answers callers about single webhooks, deliveries and sessions.
    let calls: PostgreSQLLane
    /// Reads lists, which are long.
    let lists: PostgreSQLLane
    /// Does what nobody waits for: it prunes, looks for what others left, and tells them what is due.
    let upkeep: PostgreSQLLane

    var named: KeyValuePairs<String, PostgreSQLLane> {
        [
            "signals": signals, "claims": claims, "results": results, "calls": calls, "lists": lists,
            "upkeep": upkeep,
        ]
    }

    init(_ location: PostgreSQLLocation) {
        signals = PostgreSQLLane(location, name: "signals")
        claims = PostgreSQLLane(location, name: "claims")
        results = PostgreSQLLane(location, name: "results", connections: 2)
        calls = PostgreSQLLane(location, name: "calls", connections: 2, planning: .custom)
        lists = PostgreSQLLane(location, name: "lists", planning: .custom)
        upkeep = PostgreSQLLane(location, name: "upkeep", connections: 2, planning: .custom)
    }
}
