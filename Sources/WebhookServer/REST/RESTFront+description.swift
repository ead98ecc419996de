import HTTPTypes

/// What anybody may ask: versions, routes, and the OpenAPI document. It is JSON, whatever else is asked for.
extension RESTFront {
    func describe(_ route: RESTRoute, _ target: Target) -> Outcome {
        let api = target.api
        switch route {
        case .versions:
            let links = RESTValue.object([
                ("Self", .text(api + "/v1")), ("OpenApi", .text(api + "/v1/openapi.json")),
            ])
            let first = RESTValue.object([("Version", .text(version)), ("Links", links)])
            let versions: [(name: StaticString, value: RESTValue)] = [("v1", first)]
            return .text(Self.json(.object(versions)))
        case .service:
            return .text(
                Self.json(
                    .object([("Version", .text(version)), ("Routes", .texts(RESTRoute.table(prefix: target.prefix)))])
                )
            )
        default: return .text(Self.openAPI.joined(separator: api + "/v1"))
        }
    }

    private static func json(_ value: RESTValue) -> String {
        String(decoding: RESTDocument(root: "Api", value: value).json, as: UTF8.self)
    }

    /// What stands around the URL of the server.
    private static let openAPI = String(decoding: PackageResources.openapi_json, as: UTF8.self)
        .split(separator: "{{server}}", omittingEmptySubsequences: false)
}
