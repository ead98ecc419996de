import HTTPTypes

/// What anybody may ask: versions, routes, and the OpenAPI document.
extension RESTFront {
    func describe(_ call: Call) throws(RESTProblem) -> Outcome {
        let api = call.target.base + "/api"
        switch call.route {
        case .versions:
            let links = RESTValue.object([
                ("Self", .text(api + "/v1")), ("OpenApi", .text(api + "/v1/openapi.json")),
            ])
            let first = RESTValue.object([("Version", .text(version)), ("Links", links)])
            let versions: [(name: StaticString, value: RESTValue)] = [("v1", first)]
            return .document(RESTDocument(root: "Versions", value: .object(versions)))
        case .service:
            return .document(
                RESTDocument(
                    root: "Api",
                    value: .object([("Version", .text(version)), ("Routes", .texts(RESTRoute.table))])
                )
            )
        default: return .text(Self.openAPI.replacing("{{server}}", with: api + "/v1"))
        }
    }

    private static let openAPI = String(decoding: PackageResources.openapi_json, as: UTF8.self)
}
