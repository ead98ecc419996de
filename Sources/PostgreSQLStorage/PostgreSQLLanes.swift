import PostgreSQLClient
import PostgreSQLInstallation

/// The connections of a store, by their purpose, so that no kind of work waits for another kind.
///
/// libpq's calls block, so each connection has a thread of its own (``PostgreSQLLane``).
struct PostgreSQLLanes: Sendable {
    /// Takes events in.
    let signals: PostgreSQLLane
    /// Looks for deliveries that are due, and takes them.
    let claims: PostgreSQLLane
    /// Records results.
    let results: PostgreSQLLane
    /// Answers callers about single webhooks, deliveries and sessions, and tells others what is due.
    let calls: PostgreSQLLane
    /// Reads lists, which are long.
    let lists: PostgreSQLLane
    /// Does work that no caller waits for and that may take long: it prunes, and looks for deliveries that other processes
    /// left.
    let upkeep: PostgreSQLLane

    var named: KeyValuePairs<String, PostgreSQLLane> {
        [
            "signals": signals, "claims": claims, "results": results, "calls": calls, "lists": lists,
            "upkeep": upkeep,
        ]
    }

    /// Gives up on all jobs that take longer than `grace` from now on.
    func limit(within grace: Duration) {
        for (_, lane) in named { lane.limit(within: grace) }
    }

    /// Refuses all further jobs, and returns when all threads have ended and all connections are closed.
    func close(within grace: Duration) async {
        await withDiscardingTaskGroup { group in
            for (_, lane) in named { group.addTask { await lane.close(within: grace) } }
        }
    }

    enum Kind: String, CaseIterable {
        case signals, claims, results, calls, lists, upkeep

        var connections: Int {
            switch self {
            case .signals, .claims, .lists: 1
            case .results, .calls, .upkeep: 2
            }
        }

        var planning: PostgreSQLConnection.Planning {
            switch self {
            case .signals, .claims, .results: .fixed
            case .calls, .lists, .upkeep: .custom
            }
        }
    }

    /// - Parameter opened: Takes the connections that a lane begins with.
    init(_ location: PostgreSQLLocation, log: PostgreSQLConnectionLog, opened: (Kind) -> [PostgreSQLHandover]) {
        func lane(_ kind: Kind) -> PostgreSQLLane {
            PostgreSQLLane(
                location,
                name: kind.rawValue,
                opened: opened(kind),
                planning: kind.planning,
                log: log,
                onOpen: PostgreSQLLock.shareServing
            )
        }
        signals = lane(.signals)
        claims = lane(.claims)
        results = lane(.results)
        calls = lane(.calls)
        lists = lane(.lists)
        upkeep = lane(.upkeep)
    }
}
