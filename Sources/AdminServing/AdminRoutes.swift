import HTTPRouting
import HTTPTypes

/// What a call of the admin API does.
enum AdminOperation: Hashable, Sendable {
    /// Lists deliveries.
    case deliveries
    /// Queues deliveries again.
    case replayAll
    /// Shows a delivery.
    case show
    /// Queues a delivery again.
    case replay
    /// Lists webhooks.
    case webhooks
    /// Tells the counters of a webhook.
    case usage
    /// Lists sessions.
    case tickets
    /// Ends sessions.
    case revoke
    /// Waits until nothing is to be done.
    case idle
    /// Removes everything but sessions.
    case reset
}

/// The routes of the admin API, by what follows its prefix. Their case counts.
enum AdminRoutes {
    static let table = RouteTable<AdminOperation>([
        Route(.get, "/deliveries", .deliveries, for: .operator, "Lists deliveries, the newest first."),
        Route(
            .post,
            "/deliveries/replay",
            .replayAll,
            for: .operator,
            "Queues the deliveries that pass the filters again."
        ),
        Route(.get, "/deliveries/{id}", .show, for: .operator, "Shows a delivery with its body and its attempts."),
        Route(.post, "/deliveries/{id}/replay", .replay, for: .operator, "Queues a delivery again."),
        Route(.get, "/webhooks", .webhooks, for: .operator, "Lists every webhook."),
        Route(.get, "/webhooks/{id}/usage", .usage, for: .operator, "Tells the counters of a webhook."),
        Route(.get, "/tickets", .tickets, for: .operator, "Lists sessions, those used last first."),
        Route(.post, "/tickets/revoke", .revoke, for: .operator, "Ends the sessions that pass the filters."),
        Route(.get, "/idle", .idle, for: .operator, "Waits until nothing is pending or in flight."),
        Route(.post, "/reset", .reset, for: .operator, "Removes everything but sessions."),
    ])
}
