import AdminModel
package import AgentCore
import Cryptography
package import DeliveryTransport
import Foundation
import HTTPRouting
import HTTPServing
import HTTPTypes
import Hummingbird
package import HummingbirdCore
import LogThrottling
package import Logging
package import NIOCore
import Networking
import RequestOrigins
import ServiceLifecycle
package import StoreContracts
import Text
import WebhookDelivery
import WebhookModel

/// The admin API under `/admin/v1`: what became of deliveries, asking for them again, and who is logged in.
package struct AdminService: Sendable {
    let store: any DeliveryHistory & StoreMaintenance & StoreHealth
    let principals: PrincipalAgent
    let ticketLifetime: Duration
    let token: String?
    let isDevelopment: Bool
    let request: NotificationRequest
    /// How many deliveries the engine has in flight.
    let inFlight: @Sendable () -> Int
    private let throttle = LogThrottle()

    private static let defaultPage = 100
    private static let longestPage = 1000
    /// Deliveries that one call replays at most.
    private static let replaysPerCall = 10_000
    private static let longestIdle = Duration.seconds(300)

    /// Creates the service.
    ///
    /// - Parameters:
    ///   - ticketLifetime: How long a ticket lives after its last use.
    ///   - token: Opens the API to whoever has it; nil closes it, except with `isDevelopment`.
    ///   - isDevelopment: Whether this machine may call without a token.
    ///   - request: Makes the headers that attempts are shown with.
    ///   - inFlight: How many deliveries the engine has in flight.
    package init(
        store: any DeliveryHistory & StoreMaintenance & StoreHealth,
        principals: PrincipalAgent,
        ticketLifetime: Duration,
        token: String?,
        isDevelopment: Bool,
        request: NotificationRequest,
        inFlight: @escaping @Sendable () -> Int
    ) {
        (self.store, self.principals, self.ticketLifetime) = (store, principals, ticketLifetime)
        (self.token, self.isDevelopment) = (token, isDevelopment)
        (self.request, self.inFlight) = (request, inFlight)
    }

    /// Answers a request whose path begins with ``AdminAPI/prefix``.
    ///
    /// - Parameter peer: The other end of the connection.
    package func respond(to request: Request, peer: SocketAddress?, logger: Logger) async throws -> Response {
        if let refusal = refusal(request, peer) { return refusal }
        let parts = request.uri.path.dropFirst(AdminAPI.prefix.count).split(separator: "/").map(String.init)
        let path = RequestPath(exactly: parts)
        do {
            return try await answer(request.method, path, try AdminQuery(request.uri.queryParameters))
        } catch let error as AdminQuery.ParseError {
            return Self.problem(.badRequest, error.description)
        } catch let error as StoreError {
            throttle.log(.error, "admin call failed", metadata: ["error": "\(error)"], to: logger)
            return Self.problem(.serviceUnavailable, "The store cannot be reached.")
        }
    }

    private func answer(_ method: HTTPRequest.Method, _ path: RequestPath, _ query: AdminQuery) async throws -> Response
    {
        guard let route = AdminRoutes.table.match(path)?.route(for: method) else {
            return Self.problem(.notFound, "There is no \(method.rawValue) of this.")
        }
        let id = route.text("id", in: path) ?? ""
        switch route.operation {
        case .deliveries: return try await list(query)
        case .replayAll: return try await replayAll(query)
        case .show: return try await show(id)
        case .replay: return try await replay(id)
        case .webhooks: return try await webhooks()
        case .usage: return try await usage(id)
        case .tickets: return try await tickets(query)
        case .revoke: return try await revoke(query)
        case .idle: return try await idle(query)
        case .reset: return try await reset()
        }
    }

    /// Open to this machine with `--dev`; else for whoever has the token, and closed when there is none.
    private func refusal(_ request: Request, _ peer: SocketAddress?) -> Response? {
        // A page in a browser of this machine is not its user, also when its own name has come to lead here (DNS
        // rebinding): it then shows in the host that it asks for.
        if isDevelopment, request.headers[.origin] == nil, ForwardingHeaders.isLocal(request.head, peer: peer) {
            return nil
        }
        guard let token else {
            guard isDevelopment else { return Response(status: .notFound) }
            return Self.problem(
                .forbidden,
                "With --dev the admin API is for calls of this machine to localhost, not through proxies and not of web pages; others need an admin token (setting admin-token)."
            )
        }
        let sent = request.headers[.authorization].flatMap { value in
            value.lowercased().hasPrefix("bearer ") ? String(value.dropFirst(7)) : nil
        }
        if let sent, ConstantTime.areEqual(SHA256Digest.of(Array(sent.utf8)), SHA256Digest.of(Array(token.utf8))) {
            return nil
        }
        var answer = Self.problem(.unauthorized, "The admin API needs 'Authorization: Bearer' with the admin token.")
        answer.headers[.wwwAuthenticate] = "Bearer"
        return answer
    }

    private func list(_ query: AdminQuery) async throws -> Response {
        let limit = try query.int("limit", in: 1...Self.longestPage) ?? Self.defaultPage
        let records = try await store.deliveries(matching: query.filter(), after: query.cursor(), limit: limit)
        return Self.json(AdminAPI.DeliveryList(records, limit: limit))
    }

    private func show(_ text: String) async throws -> Response {
        guard let id = DeliveryID(text), let detail = try await store.delivery(id) else { return Self.noDelivery(text) }
        let shown = AdminAPI.DeliveryDetail(detail) { attempt in
            var notification = WebhookNotification(
                url: "",
                headers: nil,
                secret: nil,
                event: detail.record.event,
                eventID: detail.record.eventID,
                retry: attempt.retry,
                isTest: false,
                body: []
            )
            notification.signature = attempt.signature
            return request.headers(of: notification).map { ($0.name, $0.value) }
        }
        return Self.json(shown)
    }

    private func replay(_ text: String) async throws -> Response {
        guard let id = DeliveryID(text) else { return Self.noDelivery(text) }
        switch try await store.replay(id, now: Timestamp(Date())) {
        case .unknown: return Self.noDelivery(text)
        case .alreadyQueued: return Self.problem(.conflict, "The delivery \(text) is in the queue already.")
        case .impossible:
            return Self.problem(.conflict, "The webhook of the delivery \(text) was deleted or is not delivered here.")
        case let outcome: return Self.json(AdminAPI.Replay(id: text, outcome: outcome))
        }
    }

    /// Those of the first events first. What is signalled from now on is not asked for: it would never end.
    private func replayAll(_ query: AdminQuery) async throws -> Response {
        var filter = try query.filter()
        guard filter != DeliveryFilter() else {
            throw AdminQuery.ParseError(description: "a filter is needed: webhookId, event, state, since or until")
        }
        let limit = try query.int("limit", in: 1...Self.replaysPerCall) ?? Self.replaysPerCall
        let now = Timestamp(Date())
        let until = min(filter.until ?? now, now)
        filter.until = until
        var cursor = try query.cursor()
        var replays = AdminAPI.ReplayList()
        var seen = 0
        var isMore = true
        while isMore, seen < limit {
            let page = min(Self.longestPage, limit - seen)
            let records = try await store.deliveries(matching: filter, in: .oldestFirst, after: cursor, limit: page)
            for record in records { replays.count(try await store.replay(record.id, now: Timestamp(Date()))) }
            seen += records.count
            cursor = records.last?.id ?? cursor
            isMore = records.count == page
        }
        if isMore { (replays.cursor, replays.until) = (cursor?.description, until.description) }
        return Self.json(replays)
    }

    private func webhooks() async throws -> Response {
        let list = PagedList(writer: AdminListWriter(member: "webhooks")) { id, limit throws(any Error) in
            let page = try await store.allWebhooks(after: id, limit: limit).map { tenant, webhook in
                let shown = AdminAPI.Webhook(webhook, of: tenant)
                return (id: webhook.id, json: shown.json)
            }
            return .init(page, limit: limit, id: \.id, item: \.json)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: try await list.body()
        )
    }

    private func usage(_ text: String) async throws -> Response {
        guard let id = Int32(text), let usage = try await store.usage(of: id) else {
            return Self.problem(.notFound, "There is no webhook with the id \(Excerpt.quoted(text)).")
        }
        return Self.json(AdminAPI.Usage(usage, of: id))
    }

    private func tickets(_ query: AdminQuery) async throws -> Response {
        let limit = try query.int("limit", in: 1...Self.longestPage) ?? Self.defaultPage
        let sessions = try await principals.openSessions(matching: query.sessions(), limit: limit)
        return Self.json(AdminAPI.TicketList(sessions, lifetime: ticketLifetime))
    }

    private func revoke(_ query: AdminQuery) async throws -> Response {
        let filter = query.sessions()
        let all = try query.flag("all")
        guard filter != SessionFilter() || all else {
            throw AdminQuery.ParseError(description: "a filter is needed: id, user or tenant; or all=true")
        }
        return Self.json(AdminAPI.Revocation(revoked: try await principals.endSessions(matching: filter)))
    }

    /// Waits until nothing is pending or in flight; tests wait for deliveries with it.
    private func idle(_ query: AdminQuery) async throws -> Response {
        let clock = ContinuousClock()
        let deadline = clock.now + min(try query.duration("timeout") ?? .seconds(30), Self.longestIdle)
        while true {
            let pending = try await store.counts().pending
            if pending == 0, inFlight() == 0 { return Self.json(AdminAPI.Idle(idle: true, pending: 0)) }
            guard clock.now < deadline, !Task.isCancelled, !Task.isShuttingDownGracefully else {
                return Self.json(AdminAPI.Idle(idle: false, pending: pending), status: .gatewayTimeout)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func reset() async throws -> Response {
        guard isDevelopment else { return Self.problem(.forbidden, "Only a service with --dev can be reset.") }
        try await store.reset()
        return Response(status: .noContent)
    }

    private static func noDelivery(_ id: String) -> Response {
        problem(.notFound, "There is no record of a delivery \(Excerpt.quoted(id)).")
    }

    private static func problem(_ status: HTTPResponse.Status, _ text: String) -> Response {
        json(AdminAPI.Problem(error: text), status: status)
    }

    private static func json(_ value: some AdminAnswer, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: AdminJSON.text(value.json)))
        )
    }
}
