import AgentCore
import Foundation
import NIOHTTP1

/// What the admin API answers, as JSON.
enum AdminJSON {
    struct Delivery: Encodable {
        let id: String
        let eventId: String
        let event: String
        let webhookId: Int32
        let tenant: String
        let signalled: String
        let state: String
        let attempts: Int
        let due: String?
        let reason: String?

        init(_ record: DeliveryRecord) {
            id = record.id.description
            eventId = record.eventID.uuidString.lowercased()
            event = record.event
            webhookId = record.id.webhook
            tenant = record.tenant
            signalled = record.signalled.description
            state = record.state.rawValue
            attempts = record.attempts
            due = record.due?.description
            reason = record.reason
        }
    }

    struct DeliveryList: Encodable {
        let deliveries: [Delivery]
        /// Asks for what follows; absent on the last page.
        let cursor: String?
    }

    struct DeliveryDetail: Encodable {
        let delivery: Delivery
        let body: String
        let attempts: [Attempt]
    }

    struct Attempt: Encodable {
        let url: String
        let started: String
        let durationMs: Double
        let retry: Int
        let status: Int?
        let errorClass: String?
        let summary: String
        let requestHeaders: [String: String]
        let answer: String

        /// - Parameter headers: Those that every notification has; the webhook's own are shown by name.
        init(_ attempt: AgentCore.Attempt, headers: HTTPHeaders) {
            url = attempt.url
            started = attempt.started.description
            durationMs = attempt.duration / .milliseconds(1)
            retry = attempt.retry
            status = attempt.status
            errorClass = attempt.errorClass
            summary = attempt.summary
            let own = attempt.ownHeaders.map { ($0, "***") }
            requestHeaders = Dictionary(
                headers.map { ($0.name, $0.value) } + own,
                uniquingKeysWith: { first, _ in first }
            )
            answer = String(decoding: attempt.answer, as: UTF8.self)
        }
    }

    struct Usage: Encodable {
        let webhookId: Int32
        let totalCalls: Int
        let totalErrors: Int
        let consecutiveErrors: Int
        let lastError: String?
    }

    /// A webhook without its secret, and without its headers, which may hold one.
    struct Webhook: Encodable {
        let webhookId: Int32
        let tenant: String
        let name: String?
        let events: [String?]
        let targetUrl: String?
        let state: String
        let type: String?
    }

    /// A session, by what tells it apart; never the ticket.
    struct Ticket: Encodable {
        let id: String
        let tenant: String
        let user: String
        let created: String
        let used: String
        let expires: String
    }

    struct TicketList: Encodable {
        let tickets: [Ticket]
    }

    struct Revocation: Encodable {
        let revoked: Int
    }

    struct Replay: Encodable {
        let id: String
        let outcome: String
    }

    struct ReplayList: Encodable {
        let replayed: Int
        /// Deliveries that pass the filter and were not queued, by why.
        let others: [String: Int]
        /// With ``until``, asks for those that are left; absent when none are.
        let cursor: String?
        /// When the first of the calls was made.
        let until: String?
    }

    struct Idle: Encodable {
        let idle: Bool
        let pending: Int
    }

    /// `value` as JSON, members in alphabetical order.
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}

/// Writes an object whose one member is a list of items that are JSON already.
struct AdminListWriter: ListWriter {
    private var bytes: [UInt8]
    private var isFirst = true

    init(member: StaticString) {
        bytes = Array("{\"\(member)\":[".utf8)
    }

    mutating func write(_ item: Data) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes += item
    }

    mutating func end() { bytes += "]}".utf8 }

    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }
}
