package import NetServerSOAP
import Networking
import Text
import XML

/// What a path asks for (contract, section 1). Paths match without regard to case, as on the original's IIS.
package enum Route: Sendable, Hashable {
    /// A SOAP service of a tenant, which hosted paths begin with.
    case service(tenant: String?, ServiceName, ServiceNumber)
    /// The REST API of a tenant; what follows `/api`, percent signs resolved.
    case api(tenant: String?, [String])
    /// The whole service, `/` or the `*` of OPTIONS.
    case root
    /// Whether the process is up.
    case health
    /// Whether its store takes writes.
    case readiness
    /// Figures for Prometheus.
    case metrics
    /// The admin API.
    case admin
    /// Nothing that there is.
    case none

    /// - Parameter path: Without the query. Percent signs are resolved, and empty parts are left out: doubled slashes and a
    ///   trailing one mean nothing.
    package init(path: String) {
        let parts = Self.parts(path)
        guard parts.allSatisfy({ StreamSafeText.isSafe($0) }) else {
            self = .none
            return
        }
        let names = parts.map { AnyCaseName($0).text }
        switch names {
        case [] where path.hasPrefix("/"), ["*"] where path == "*": self = .root
        case ["healthz"]: self = .health
        case ["readyz"]: self = .readiness
        case ["metrics"]: self = .metrics
        case let names where names.starts(with: ["admin", "v1"]): self = .admin
        default: self = Self.service(names) ?? Self.api(parts, names) ?? .none
        }
    }

    /// The parts of a path between its slashes. Where percent signs do not stand for text in UTF-8, the part is a NUL, which
    /// no name holds.
    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/").map { part in
            guard part.utf8.contains(UInt8(ascii: "%")) else { return String(part) }
            // Foundation's own takes a U+FEFF at the beginning for a byte order mark, and drops it.
            return PercentEncoding.decoded(part.utf8).flatMap { String(validating: $0, as: UTF8.self) } ?? "\0"
        }
    }

    /// `api/v1/...`, a tenant before it or none. What is not a fixed name keeps its case.
    private static func api(_ parts: [String], _ names: [String]) -> Route? {
        if names.first == "api" { return .api(tenant: nil, Array(parts.dropFirst())) }
        guard names.count > 1, names[1] == "api" else { return nil }
        return .api(tenant: names[0], Array(parts.dropFirst(2)))
    }

    /// `Remote/Services87/Webhook.svc`, a tenant before it or none.
    private static func service(_ names: [String]) -> Route? {
        let rest = names.suffix(3)
        guard names.count <= 4, rest.count == 3, rest[rest.startIndex] == "remote",
            let number = ServiceNumber.allCases.first(where: { rest[rest.startIndex + 1] == $0.name.lowercased() }),
            let name = ServiceName.allCases.first(where: { rest[rest.startIndex + 2] == $0.file.lowercased() })
        else { return nil }
        return .service(tenant: names.count == 4 ? names[0] : nil, name, number)
    }
}
