/// What a path asks for (contract, section 1). Paths match without regard to case, as on the original's IIS.
package enum Route: Sendable, Hashable {
    case service(ServiceName, ServiceNumber)
    case health
    case readiness
    case metrics
    case admin
    case none

    /// - Parameter path: Without the query.
    package init(path: String) {
        let parts = path.lowercased().split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        switch Array(parts) {
        case ["healthz"]: self = .health
        case ["readyz"]: self = .readiness
        case ["metrics"]: self = .metrics
        case let parts where parts.starts(with: ["admin", "v1"]): self = .admin
        case let parts where parts.count == 3 && parts[0] == "remote" && parts[1].hasPrefix("services"):
            guard let number = ServiceNumber.allCases.first(where: { parts[1] == $0.name.lowercased() }),
                let name = ServiceName.allCases.first(where: { parts[2] == $0.file.lowercased() })
            else { fallthrough }
            self = .service(name, number)
        default: self = .none
        }
    }
}

/// The services of an installation that are emulated.
package enum ServiceName: String, Sendable, Hashable, CaseIterable {
    case webhook = "Webhook"

    /// The last part of its path.
    package var file: String { rawValue + ".svc" }
}

/// The published generations of the contract: they differ in this number alone (contract, section 1).
package enum ServiceNumber: Int, Sendable, Hashable, CaseIterable {
    case services85 = 85
    case services86 = 86
    case services87 = 87
    case services88 = 88

    /// `Services87`.
    package var name: String { "Services\(rawValue)" }

    /// The namespace of the services' messages.
    package var namespace: String { "http://www.superoffice.net/ws/crm/NetServer/" + name }
}
