import Foundation
import Networking
import Text

/// A subscription: which events go to which target (docs/contract.md#section-3). Null and empty are kept apart, because
/// clients send back what they read.
package struct Webhook: Sendable, Hashable {
    /// 0 for one that is not stored.
    package var id: Int32 = 0
    /// What it is called; need not be unique.
    package var name: String?
    /// The names of the events that it listens to.
    package var events: [String?]?
    /// Where notifications are posted to; for other types whatever their plug-in takes.
    package var targetURL: String?
    /// Signs notifications when it is not empty; returned to whoever may read the webhook.
    package var secret: String?
    /// Whether its events are sent.
    package var state: WebhookState = .unknown
    /// The plug-in that handles it; nil and empty mean ``deliverableType``.
    package var type: String?
    /// HTTP headers that its notifications carry.
    package var headers: StringDictionary?
    /// Members that its notifications carry, typed.
    package var properties: ObjectDictionary?
    /// When it was saved first; set by the server.
    package var registered: Timestamp = .unset
    /// Who saved it first; set by the server.
    package var registeredBy: Associate?
    /// When it was saved last; set by the server.
    package var updated: Timestamp = .unset
    /// Who saved it last; set by the server.
    package var updatedBy: Associate?
    /// The members that newer contracts add.
    package var extras = WebhookExtras()
    /// The counters of its deliveries. The server fills them in for callers that show them.
    package var usage = WebhookUsage()
    /// The members that its sender's contract has; all members for a stored webhook.
    package var known = KnownMembers.all

    /// An empty webhook, not stored.
    package init() {}

    /// The type that this service delivers itself; any other is kept for plug-ins it does not have.
    package static let deliverableType = "webhook"

    /// Whether its events are posted to its target by this service (docs/contract.md#section-6).
    package var isDeliverable: Bool {
        type.map { $0.isEmpty || CaseInsensitiveName(Self.deliverableType).matches($0) } ?? true
    }

    /// Where a URL leads: scheme, host and port. Deliveries that lead to the same place share its room.
    package static func target(of url: String) -> String {
        guard let target = TargetURL(url) else { return url }
        return (target.isTLS ? "https" : "http") + "://" + target.authority
    }

    /// Whether both lead to the same target and say the same to it about who asks: URL, secret and headers.
    package func isReached(like other: Webhook) -> Bool {
        isDeliverable == other.isDeliverable && targetURL.isSame(as: other.targetURL)
            && secret.isSame(as: other.secret) && headers.isSame(as: other.headers)
    }

    /// The webhook as it replaces a stored one: the state and who registered it when stay, and so does what the sender's
    /// contract lacks.
    package func replacing(_ stored: Webhook) -> Webhook {
        var webhook = self
        webhook.state = stored.state
        webhook.registered = stored.registered
        webhook.registeredBy = stored.registeredBy
        if known < .all { webhook.extras = stored.extras }
        if known == .of88 { webhook.extras.errorsEmail = extras.errorsEmail }
        webhook.known = .all
        return webhook
    }

    /// What its events are found by: the event names that say something, in ``EventName/key(_:)`` form, each once.
    package var eventKeys: [String] {
        var seen = Set<String>()
        return (events ?? []).compactMap(\.self).map(EventName.key).filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}

/// Whether a webhook's events are sent. The raw value is its number on the wire of REST and in the stores.
package enum WebhookState: Int16, Sendable, Codable, CaseIterable {
    /// On saving: Active for a new webhook, unchanged for a stored one; as a filter: every state
    /// (docs/contract.md#section-6).
    case unknown = 0
    /// They are.
    case active = 1
    /// They are not, since somebody wants it so.
    case stopped = 2
    /// They are not, since too many attempts in a row have failed.
    case tooManyErrors = 3

    /// The name on the wire.
    package var name: String {
        switch self {
        case .unknown: "Unknown"
        case .active: "Active"
        case .stopped: "Stopped"
        case .tooManyErrors: "TooManyErrors"
        }
    }

    /// The state of that name, nil when there is none.
    package init?(name: String) {
        guard let state = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = state
    }
}

/// Which webhooks to list; nil fields do not restrict (docs/contract.md#section-3).
package struct WebhookFilter: Sendable, Hashable {
    /// The whole name.
    package var name: String?
    /// One of its events, whole, without regard to case.
    package var event: String?
    /// Its state.
    package var state: WebhookState?

    /// Empty texts and `Unknown` mean no restriction. White space around an event's name is not part of it.
    package init(name: String? = nil, event: String? = nil, state: WebhookState? = nil) {
        self.name = name.flatMap { $0.isEmpty ? nil : $0 }
        self.event = event.map(\.trimmingSpace).flatMap { $0.isEmpty ? nil : $0 }
        self.state = state == .unknown ? nil : state
    }

    /// Whether `webhook` passes.
    package func matches(_ webhook: Webhook) -> Bool {
        (name.map { webhook.name?.isSame(as: $0) ?? false } ?? true)
            && (state == nil || webhook.state == state)
            && (event.map { webhook.eventKeys.contains(EventName.key($0)) } ?? true)
    }
}

/// Rules about event names.
package enum EventName {
    /// The form in which names are compared: whole, without the white space around them, and without regard to case
    /// (``Swift/String/caseFolded``). The stores keep it and compare its bytes, so that all of them find the same webhooks.
    package static func key(_ name: String) -> String { name.trimmingSpace.caseFolded }

    /// The event name up to its last dot; the whole name when it has none (docs/contract.md#section-7).
    package static func entity(of name: String) -> String {
        // Bytes, because to find where a character begins, Swift may have to go back to where the text does.
        name.utf8.lastIndex(of: UInt8(ascii: ".")).map { String(name[..<$0]) } ?? name
    }
}
