import AgentCore
import HTTPRouting
import HTTPServing
import HTTPTypes
import JSON
import NetServerSOAP

/// What anybody may ask: the version, what there is, what a call does, and the OpenAPI document. It is JSON, whatever else
/// is asked for.
extension RESTService {
    func describe(_ operation: RESTOperation, _ match: RouteMatch<RESTOperation>, _ target: Target) -> Outcome {
        let api = target.api
        switch operation {
        case .versions: return .text(versions(api).text)
        case .openAPI: return .description(Self.openAPI, server: api + RESTRoutes.version)
        case .describe: return .text(Self.list(match.routes, api).text)
        default: return .text(Self.list(RESTRoutes.table.routes, api).text)
        }
    }

    /// The members that NetServer tells, but for its build's date.
    private func versions(_ api: String) -> JSONValue {
        let assembly = (version.split(separator: ".").prefix(2) + ["0", "0"]).joined(separator: ".")
        var members: JSONObject = [
            "v1": .string(api + "/v1"), "NetServerVersion": .string(version), "NetServerAssembly": .string(assembly),
            "NetServerLabel": .string("webhook-svc"),
            "NetServer": .string("NetServer \(version), emulated by webhook-svc"),
            "Services": .string(ServiceNumber.services87.name),
            "ServicesCurrent": .string(ServiceNumber.allCases.last?.name ?? ""), "Version": .string("v1"),
        ]
        for service in ServiceNumber.allCases { members.append(.string(service.namespace), named: service.name) }
        return .object(members)
    }

    /// URLs with their methods and what these do.
    private static func list(_ routes: [Route<RESTOperation>], _ api: String) -> JSONValue {
        .object(
            JSONObject(
                RouteTable(routes).resources.compactMap { resource in
                    guard resource.path.text.hasPrefix(RESTRoutes.version) else { return nil }
                    let methods = resource.routes.map { ($0.method?.rawValue ?? "", JSONValue.string($0.summary)) }
                    return (api + resource.path.text, .object(JSONObject(methods)))
                }
            )
        )
    }

    /// What stands around the URL of the server.
    private static let openAPI = DocumentTemplate(
        String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .split(separator: "{{server}}", omittingEmptySubsequences: false)
    )
}
