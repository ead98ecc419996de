import HTTPServing
import HTTPTypes
import JSON
import NetServerSOAP

/// What anybody may ask: the version, what there is, what a call does, and the OpenAPI document. It is JSON, whatever else
/// is asked for.
extension RESTFront {
    func describe(_ route: RESTRoute, _ target: Target) -> Outcome {
        let api = target.api
        switch route {
        case .versions: return .text(versions(api).text)
        case .service: return .text(Self.list(RESTDescription.entries, api + "/v1").text)
        case .agent(let operation): return .text(Self.list([RESTDescription.agent(operation)], api + "/v1").text)
        default: return .description(Self.openAPI, server: api + "/v1")
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
    private static func list(_ entries: [RESTDescription.Entry], _ base: String) -> JSONValue {
        let members = entries.map { path, methods in
            (base + path, JSONValue.object(JSONObject(methods.map { ($0.rawValue, .string($1)) })))
        }
        return .object(JSONObject(members))
    }

    /// What stands around the URL of the server.
    private static let openAPI = DocumentTemplate(
        String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .split(separator: "{{server}}", omittingEmptySubsequences: false)
    )
}
