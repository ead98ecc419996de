import HTTPRouting
import HTTPTypes
import NetServerSOAP

/// What the service does at a path.
enum ServiceOperation: Sendable, Hashable {
    /// Tells the state of the whole service.
    case state
    /// Tells whether the process is up.
    case health
    /// Tells whether the store takes writes.
    case readiness
    /// Tells figures for Prometheus.
    case metrics
    /// Describes a SOAP service.
    case describe(ServiceName, ServiceNumber)
    /// Calls an operation of a SOAP service.
    case call(ServiceName, ServiceNumber)
    /// Leaves the call to the REST API; see ``RESTRoutes``.
    case rest
    /// Leaves the call to the admin API; see ``AdminRoutes``.
    case admin
}

/// The routes of the service (docs/contract.md#section-1). REST and the admin API have tables of their own for what
/// follows their prefixes, because each answers in its own way what it does not have.
enum ServiceRoutes {
    static let table = RouteTable(states + services + apis)

    private static let states: [Route<ServiceOperation>] = [
        // For health checks that look nowhere else. HAProxy's ask with OPTIONS.
        Route(.get, "/", .state, for: .everybody, "Tells whether the service takes calls."),
        Route(.options, "/", .state, for: .everybody, "Tells whether the service takes calls."),
        Route(.get, "/healthz", .health, for: .everybody, "Tells whether the process is up."),
        Route(.get, "/readyz", .readiness, for: .everybody, "Tells whether the service takes calls."),
        Route(.get, "/metrics", .metrics, for: .everybody, "Tells figures for Prometheus."),
    ]

    /// Hosted, the tenant stands before the path of a service.
    private static let services = ServiceNumber.allCases.flatMap { number in
        ServiceName.allCases.flatMap { routes(of: $0, number) }
    }

    /// Hosted, the tenant stands before the path of a service.
    private static func routes(of name: ServiceName, _ number: ServiceNumber) -> [Route<ServiceOperation>] {
        ["", "/{tenant}"].map { PathPattern("\($0)/Remote/\(number.name)/\(name.file)") }.flatMap { path in
            [
                Route(.get, path, .describe(name, number), for: .everybody, "Describes the service."),
                Route(.post, path, .call(name, number), for: .caller, "Calls an operation of the service."),
            ]
        }
    }

    private static let apis: [Route<ServiceOperation>] = [
        Route(nil, "/admin/v1/**", .admin, for: .operator, "Calls the admin API."),
        Route(nil, "/api/**", .rest, for: .caller, "Calls the REST API."),
        Route(nil, "/{tenant}/api/**", .rest, for: .caller, "Calls the REST API of a tenant."),
    ]
}
