import AgentCore
import HTTPServing
import HTTPTypes
import HummingbirdCore
import NIOCore
import NetServerSOAP

/// How outcomes and problems become HTTP's answers.
extension RESTService {
    private static let reason = HTTPField.Name(ReasonPhrase.header)

    func response(
        _ outcome: Outcome,
        _ type: AnswerType,
        _ headers: HTTPFields
    ) async throws(RESTError) -> Response {
        // What is answered depends on who asks, and holds secrets: nobody but the caller may keep it.
        var headers = headers
        headers[.cacheControl] = "no-store"
        switch outcome {
        case .nothing: return Response(status: .noContent, headers: headers)
        case .unchanged(let lastModified):
            headers[.lastModified] = lastModified
            return Response(status: .notModified, headers: headers)
        case .entity(let document, let lastModified):
            headers[.lastModified] = lastModified
            return response(document, .ok, type, headers)
        case .document(let document): return response(document, .ok, type, headers)
        case .list(let list), .wholeList(let list):
            headers[.contentType] = type.contentType
            return Response(status: .ok, headers: headers, body: try await body(of: list, type))
        case .text(let text): return Self.json(.init(byteBuffer: ByteBuffer(string: text)))
        case .description(let document, let server): return Self.json(document.filled(with: server))
        }
    }

    private func body(of list: RESTList, _ type: AnswerType) async throws(RESTError) -> ResponseBody {
        do throws(AgentError) {
            guard type.isXML else { return try await list.paged(JSONListWriter(list)).body() }
            let namespace = ServiceNumber.services87.namespace
            return try await list.paged(XMLListWriter(list, namespace: namespace)).body()
        } catch {
            throw RESTError(error)
        }
    }

    private static func json(_ body: ResponseBody) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: AnswerType.json.contentType, .cacheControl: "no-store"],
            body: body
        )
    }

    func response(_ problem: RESTError, _ type: AnswerType, source: String) -> Response {
        var headers = problem.headers
        if problem.status == .unauthorized {
            for challenge in RESTAuthorization.challenges(allowsBasic: allowsBasic) {
                headers.append(.init(name: .wwwAuthenticate, value: challenge))
            }
        }
        if let reason = problem.reason, let name = Self.reason { headers[name] = reason }
        return response(problem.document(source: source), problem.status, type, headers)
    }

    private func response(
        _ document: RESTDocument,
        _ status: HTTPResponse.Status,
        _ type: AnswerType,
        _ headers: HTTPFields
    ) -> Response {
        let body = type.isXML ? document.xml(namespace: ServiceNumber.services87.namespace) : document.json
        var headers = headers
        headers[.contentType] = type.contentType
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
