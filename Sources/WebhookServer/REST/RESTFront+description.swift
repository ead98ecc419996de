import AgentCore
import HTTPTypes

/// What anybody may ask: the version, what there is, what a call does, and the OpenAPI document. It is JSON, whatever else
/// is asked for.
extension RESTFront {
    func describe(_ route: RESTRoute, _ target: Target) -> Outcome {
        let api = target.api
        switch route {
        case .versions: return .text(versions(api))
        case .service: return .text(Self.list(RESTDescription.entries, api + "/v1"))
        case .agent(let operation): return .text(Self.list([RESTDescription.agent(operation)], api + "/v1"))
        default: return .description(Self.openAPI, server: api + "/v1")
        }
    }

    /// The members that NetServer tells, but for its build's date.
    private func versions(_ api: String) -> String {
        let assembly = (version.split(separator: ".").prefix(2) + ["0", "0"]).joined(separator: ".")
        let services = ServiceNumber.allCases.map { ($0.name, $0.namespace) }
        return Self.object(
            [
                ("v1", api + "/v1"), ("NetServerVersion", version), ("NetServerAssembly", assembly),
                ("NetServerLabel", "webhook-svc"), ("NetServer", "NetServer \(version), emulated by webhook-svc"),
                ("Services", ServiceNumber.services87.name),
                ("ServicesCurrent", ServiceNumber.allCases.last?.name ?? ""), ("Version", "v1"),
            ] + services
        )
    }

    /// URLs with their methods and what these do.
    private static func list(_ entries: [RESTDescription.Entry], _ base: String) -> String {
        let members = entries.map { entry in
            JSONText.string(base + entry.path) + ":" + object(entry.methods.map { ($0.method.rawValue, $0.text) })
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { JSONText.string($0.0) + ":" + JSONText.string($0.1) }.joined(separator: ",") + "}"
    }

    /// What stands around the URL of the server.
    private static let openAPI = DocumentTemplate(
        String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .split(separator: "{{server}}", omittingEmptySubsequences: false)
    )
}
