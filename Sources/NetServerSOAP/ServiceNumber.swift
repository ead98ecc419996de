package import WebhookModel

/// The published generations of the contract. Each serves its own text; see ``PublishedContract``.
package enum ServiceNumber: Int, Sendable, Hashable, CaseIterable, Comparable {
    case services85 = 85
    case services86 = 86
    case services87 = 87
    case services88 = 88

    package static func < (left: ServiceNumber, right: ServiceNumber) -> Bool { left.rawValue < right.rawValue }

    /// `Services87`.
    package var name: String { "Services\(rawValue)" }

    /// The members of webhooks that the contract has.
    package var members: KnownMembers { self >= .services88 ? .of88 : .of87 }

    /// The namespace of the services' messages. Every request asks for it several times, so that it is never put together.
    package var namespace: String {
        switch self {
        case .services85: "http://www.superoffice.net/ws/crm/NetServer/Services85"
        case .services86: "http://www.superoffice.net/ws/crm/NetServer/Services86"
        case .services87: "http://www.superoffice.net/ws/crm/NetServer/Services87"
        case .services88: "http://www.superoffice.net/ws/crm/NetServer/Services88"
        }
    }
}
