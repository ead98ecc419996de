import FoundationEssentials
package import JSON
package import StoreContracts
import WebhookModel

extension AdminAPI {
    /// One delivery.
    package struct Delivery: AdminAnswer {
        /// The id of the webhook with the number of the delivery.
        package let id: String
        /// The event's id.
        package let eventId: String
        /// The event's name.
        package let event: String
        /// The webhook's id.
        package let webhookId: Int32
        /// The tenant.
        package let tenant: String
        /// When the event was signalled.
        package let signalled: String
        /// The state of the delivery.
        package let state: String
        /// How many attempts have been made.
        package let attempts: Int
        /// When the next attempt is due; nil when there is none.
        package let due: String?
        /// Why the delivery is in its state; nil when there is nothing to say.
        package let reason: String?

        fileprivate init(_ record: DeliveryRecord) {
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

        package var json: JSONValue {
            .members(
                ("attempts", JSONValue(attempts)),
                ("due", due.map(JSONValue.string)),
                ("event", .string(event)),
                ("eventId", .string(eventId)),
                ("id", .string(id)),
                ("reason", reason.map(JSONValue.string)),
                ("signalled", .string(signalled)),
                ("state", .string(state)),
                ("tenant", .string(tenant)),
                ("webhookId", JSONValue(webhookId))
            )
        }
    }

    /// A page of deliveries.
    package struct DeliveryList: AdminAnswer {
        /// The deliveries.
        package let deliveries: [Delivery]
        /// Asks for what follows; nil on the last page.
        package let cursor: String?

        /// Creates the page that was read for `limit`: where it has fewer deliveries, it is the last.
        package init(_ records: [DeliveryRecord], limit: Int) {
            deliveries = records.map(Delivery.init)
            cursor = records.count == limit ? records.last?.id.description : nil
        }

        package var json: JSONValue {
            .members(("cursor", cursor.map(JSONValue.string)), ("deliveries", .array(deliveries.map(\.json))))
        }
    }

    /// One attempt of a delivery.
    package struct Attempt: AdminAnswer {
        /// The target.
        package let url: String
        /// When it began.
        package let started: String
        /// How long it took, in milliseconds.
        package let durationMs: Double
        /// How many attempts came before it.
        package let retry: Int
        /// The status of the target's answer; nil when there was none.
        package let status: Int?
        /// The kind of failure; nil when there was an answer.
        package let errorClass: String?
        /// What came of it.
        package let summary: String
        /// The headers of the request; the values of the webhook's own are hidden.
        package let requestHeaders: [String: String]
        /// The beginning of the target's answer.
        package let answer: String

        fileprivate init(_ attempt: StoreContracts.Attempt, headers: [(String, String)]) {
            url = attempt.url
            started = attempt.started.description
            durationMs = attempt.duration / .milliseconds(1)
            retry = attempt.retry
            status = attempt.status
            errorClass = attempt.errorClass
            summary = attempt.summary
            let own = attempt.ownHeaders.map { ($0, "***") }
            requestHeaders = Dictionary(headers + own, uniquingKeysWith: { first, _ in first })
            answer = String(decoding: attempt.answer, as: UTF8.self)
        }

        package var json: JSONValue {
            .members(
                ("answer", .string(answer)),
                ("durationMs", JSONValue(durationMs)),
                ("errorClass", errorClass.map(JSONValue.string)),
                ("requestHeaders", .sorted(requestHeaders.mapValues(JSONValue.string))),
                ("retry", JSONValue(retry)),
                ("started", .string(started)),
                ("status", status.map { JSONValue($0) }),
                ("summary", .string(summary)),
                ("url", .string(url))
            )
        }
    }

    /// One delivery with its body and its attempts.
    package struct DeliveryDetail: AdminAnswer {
        /// The delivery.
        package let delivery: Delivery
        /// The body.
        package let body: String
        /// The attempts, in their order.
        package let attempts: [Attempt]

        /// Creates what is shown of a delivery.
        ///
        /// - Parameter headers: The headers that an attempt's request has, whatever its webhook's own are.
        package init(_ detail: StoreContracts.DeliveryDetail, headers: (StoreContracts.Attempt) -> [(String, String)]) {
            delivery = Delivery(detail.record)
            body = String(decoding: detail.body, as: UTF8.self)
            attempts = detail.attempts.map { Attempt($0, headers: headers($0)) }
        }

        package var json: JSONValue {
            .members(("attempts", .array(attempts.map(\.json))), ("body", .string(body)), ("delivery", delivery.json))
        }
    }

    /// What came of replaying a delivery.
    package struct Replay: AdminAnswer {
        /// The delivery's id.
        package let id: String
        /// What came of it.
        package let outcome: String

        /// Creates an answer.
        package init(id: String, outcome: ReplayOutcome) {
            (self.id, self.outcome) = (id, outcome.rawValue)
        }

        package var json: JSONValue {
            .members(("id", .string(id)), ("outcome", .string(outcome)))
        }
    }

    /// What came of replaying the deliveries that pass a filter.
    package struct ReplayList: AdminAnswer {
        /// How many were queued or parked.
        package var replayed = 0
        /// Deliveries that pass the filter and were not queued, by why.
        package var others: [String: Int] = [:]
        /// With ``until``, asks for those that are left; nil when none are.
        package var cursor: String?
        /// When the first of the calls was made.
        package var until: String?

        /// Creates the answer that nothing has been replayed.
        package init() {}

        /// Counts what came of replaying one delivery.
        package mutating func count(_ outcome: ReplayOutcome) {
            switch outcome {
            case .queued, .parked: replayed += 1
            case .alreadyQueued, .impossible, .unknown: others[outcome.rawValue, default: 0] += 1
            }
        }

        package var json: JSONValue {
            .members(
                ("cursor", cursor.map(JSONValue.string)),
                ("others", .sorted(others.mapValues { JSONValue($0) })),
                ("replayed", JSONValue(replayed)),
                ("until", until.map(JSONValue.string))
            )
        }
    }
}
