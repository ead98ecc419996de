package import AgentCore
package import HTTPRouting
import HTTPServing
import HTTPTypes
package import HummingbirdCore
package import JSON
import NIOCore
import NetServerSOAP
package import Networking
package import PrometheusMetrics
package import RequestOrigins
import SOAP
import Text
package import WebhookModel
package import XML

/// The REST API. Each route is bound to the agent's method that the SOAP service calls, so that it needs no rule about
/// webhooks.
package struct RESTService: Sendable {
    let webhooks: WebhookAgent
    let principals: PrincipalAgent
    let json: JSONReader
    let xml: XMLReader
    let maximumBodyBytes: Int
    /// The version of NetServer that is emulated.
    let version: String
    let crossOrigin: CrossOrigin
    /// Whether `Authorization: Basic` is taken.
    let allowsBasic: Bool
    let counters: RequestCounters
    /// The clock.
    let now: @Sendable () -> Timestamp

    /// Creates a service.
    ///
    /// - Parameters:
    ///   - maximumBodyBytes: Size of a request's body, in bytes.
    ///   - version: The version of NetServer that is emulated.
    ///   - origins: The origins whose pages may call.
    ///   - allowsBasic: Whether `Authorization: Basic` is taken.
    ///   - now: The clock.
    package init(
        webhooks: WebhookAgent,
        principals: PrincipalAgent,
        json: JSONReader,
        xml: XMLReader,
        maximumBodyBytes: Int,
        version: String,
        origins: AllowedOrigins,
        allowsBasic: Bool,
        counters: RequestCounters,
        now: @escaping @Sendable () -> Timestamp
    ) {
        (self.webhooks, self.principals) = (webhooks, principals)
        (self.json, self.xml, self.maximumBodyBytes) = (json, xml, maximumBodyBytes)
        (self.version, self.allowsBasic) = (version, allowsBasic)
        crossOrigin = CrossOrigin(origins: origins)
        (self.counters, self.now) = (counters, now)
    }

    /// What a request asks for by its path, and who sent it.
    package struct Target: Sendable {
        /// What follows `/api` in the path.
        var path: RequestPath
        /// The identifier of the tenant; nil when the path names none that there is.
        var tenant: String?
        var origin: RequestOrigin
        /// Scheme and host that stand before the path.
        var base: String
        /// What stands before `/api` in the path: nothing or, hosted, the tenant.
        var prefix: String
        /// The URL of `/api`.
        var api: String { base + prefix + "/api" }

        /// Creates a target from what ``path`` and the other members say.
        package init(path: RequestPath, tenant: String?, origin: RequestOrigin, base: String, prefix: String) {
            (self.path, self.tenant, self.origin, self.base, self.prefix) = (path, tenant, origin, base, prefix)
        }
    }

    /// A call that may be carried out.
    struct Call: Sendable {
        var match: RouteMatch<RESTOperation>
        var route: Route<RESTOperation>
        var headers: HTTPFields
        var query: [String: String]
        var target: Target
        var times: TimestampPresentation
        var bodyKind: RequestBody.Kind

        /// The URL of all webhooks.
        var links: String { target.api + "/v1/Webhook" }
    }

    /// What a call answers.
    enum Outcome: Sendable {
        case nothing
        /// What `$select` chooses from.
        case document(RESTDocument)
        /// A list, of whose items `$select` chooses.
        case list(RESTList)
        /// A list whose items are answered as they are.
        case wholeList(RESTList)
        /// A webhook, and since when it has been as it is; nil where that cannot be told.
        case entity(RESTDocument, lastModified: String?)
        /// The caller's copy of a webhook is still right.
        case unchanged(lastModified: String)
        /// JSON that is there already.
        case text(String)
        /// The OpenAPI document, and the URL of the server that stands in it.
        case description(DocumentTemplate, server: String)
    }

    /// Answers a request.
    package func respond(to request: Request, target: Target) async -> Response {
        var response = await answer(request, target)
        crossOrigin.mark(&response.headers, for: request.headers[.origin])
        return response
    }

    private func answer(_ request: Request, _ target: Target) async -> Response {
        let answerType = AnswerType(accept: request.headers[values: .accept])
        var source = "Webhook"
        var operation: String?
        do throws(RESTError) {
            if CrossOrigin.isPreflight(request) { return try crossOrigin.preflight(request) }
            guard let tenant = target.tenant else {
                throw RESTError(
                    .notFound,
                    .notFound,
                    "The path names no tenant of this installation: hosted, it begins with one, on-site with /api."
                )
            }
            guard let match = RESTRoutes.match(target.path) else { throw Self.nothing(at: target) }
            guard let route = match.route(for: request.method) else {
                throw RESTError(
                    .methodNotAllowed,
                    .invalidArgument,
                    "The method \(request.method.rawValue.prefix(20)) is not for this path; \(match.allow) may be used.",
                    headers: [.allow: match.allow]
                )
            }
            operation = route.label
            if let operation { source = "Webhook.\(operation)" }
            if route.access == .everybody {
                count(operation, "succeeded")
                return try await response(describe(route.operation, match, target), .json, [:])
            }
            let answer = try await answer(request, match, route, target, tenant)
            let response = try await response(answer.outcome, answerType, answer.headers)
            count(operation, "succeeded")
            return response
        } catch {
            count(operation, error.error.kind.rawValue)
            return response(error, answerType, source: source)
        }
    }

    private func count(_ operation: String?, _ outcome: String) {
        counters.increment(.init(service: "REST", operation: operation ?? "none", outcome: outcome))
    }

    private func answer(
        _ request: Request,
        _ match: RouteMatch<RESTOperation>,
        _ route: Route<RESTOperation>,
        _ target: Target,
        _ tenant: String
    ) async throws(RESTError) -> (outcome: Outcome, headers: HTTPFields) {
        // The Content-Type of a call without a body does not matter.
        let type = MediaType(hasBody(request) ? request.headers[.contentType] ?? "" : "")
        guard ContentCoding.isNone(request.headers[.contentEncoding]) else {
            throw RESTError(
                .unsupportedMediaType,
                .invalidArgument,
                "The body is packed in a way that this service does not unpack; it unpacks one of \(ContentCoding.accepted).",
                headers: [.acceptEncoding: ContentCoding.accepted]
            )
        }
        guard let bodyKind = RequestBody.Kind(type),
            request.method != .patch || bodyKind.isPatch
        else {
            let kinds = request.method == .patch ? RequestBody.Kind.patches : RequestBody.Kind.accepted
            throw RESTError(
                .unsupportedMediaType,
                .invalidArgument,
                "The body may be of type \(kinds.joined(separator: ", ")), in UTF-8, ISO-8859-1 or, but for forms, UTF-16."
            )
        }
        let (caller, headers) = try await authorize(request, target, tenant)
        guard let times = TimestampPresentation(zone: request.headers[Self.timeZone]) else {
            throw RESTError(
                .badRequest,
                .invalidArgument,
                "SO-TimeZone names no time zone; it takes such as NO, 261 or Europe/Oslo."
            )
        }
        let call = Call(
            match: match,
            route: route,
            headers: request.headers,
            query: try Self.query(request),
            target: target,
            times: times,
            bodyKind: bodyKind
        )
        let outcome: Outcome
        do {
            let body = hasBody(request) ? try await body(request, bodyKind, charset: type.charset) : .absent
            outcome = try await perform(call, body, caller)
        } catch {
            // The cookies are for whoever may call, whatever came of the call.
            var problem = error
            problem.headers.append(contentsOf: headers)
            throw problem
        }
        return (select(outcome, call), headers)
    }

    private func select(_ outcome: Outcome, _ call: Call) -> Outcome {
        guard let selection = Selection(call.query["$select"]) else { return outcome }
        switch outcome {
        case .document(var document):
            document.content = selection.applied(to: document.content)
            return .document(document)
        case .entity(var document, let lastModified):
            document.content = selection.applied(to: document.content)
            return .entity(document, lastModified: lastModified)
        case .list(let list): return .list(list.map { selection.applied(to: $0) })
        default: return outcome
        }
    }

    /// Whether there is a body that counts: only these methods have one.
    private func hasBody(_ request: Request) -> Bool {
        guard [.post, .put, .patch].contains(request.method) else { return false }
        return request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0"
    }

    private func body(
        _ request: Request,
        _ kind: RequestBody.Kind,
        charset: String?
    ) async throws(RESTError) -> RequestBody {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw RESTError(
                .contentTooLarge,
                .invalidArgument,
                "The request's body has more than \(maximumBodyBytes) bytes (setting max-body-bytes)."
            )
        } catch {
            throw .body("it did not arrive as a whole.")
        }
        return try RequestBody(Array(buffer.readableBytesView), kind, charset: charset, json: json, xml: xml)
    }

    private static let timeZone = HTTPField.Name("SO-TimeZone").unsafelyUnwrapped

    /// The parameters by name in lower case.
    private static func query(_ request: Request) throws(RESTError) -> [String: String] {
        guard let query = request.uri.query else { return [:] }
        do {
            let pairs = try FormBody.pairs(Array(query.utf8).split(separator: UInt8(ascii: "&")))
            return Dictionary(
                pairs.map { (CaseInsensitiveName($0.name).text, $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
        } catch {
            throw .argument(
                "The query of the URL is not percent-encoded UTF-8, or holds \(StreamSafeText.problem)."
            )
        }
    }
}
