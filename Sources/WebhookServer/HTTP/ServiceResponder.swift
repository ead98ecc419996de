import AdminServing
import AgentCore
import HTTPRouting
import HTTPServing
import HTTPTypes
import Hummingbird
import LogThrottling
import Logging
import NIOCore
import NetServerREST
import NetServerSOAP
import Networking
import PrometheusMetrics
import RequestOrigins
import SOAP
import StoreContracts
import Synchronization
import Text

/// Answers HTTP requests: finds what a path asks for, and returns the answer of that service.
struct ServiceResponder: HTTPResponder {
    typealias Context = ServiceContext

    let soap: SOAPService
    let counters: RequestCounters
    let rest: RESTService
    let principals: PrincipalAgent
    let origins: RequestOriginReader
    let admin: AdminService
    let metrics: MetricsEndpoint
    let descriptions: ServiceDescriptions
    let store: any StoreHealth
    let maximumBodyBytes: Int
    /// Stands before `/Remote` and `/api`, or the tenant; nil to take the host that was asked.
    let publicURL: String?
    let listenAddress: String
    let drain: Drain
    let trialGuard: TrialGuard
    let tasks: DirectCallTasks
    private let throttle = LogThrottle()
    private let readiness = ReadinessLog()

    func respond(to request: Request, context: Context) async throws -> Response {
        trialGuard.look(at: request.headers, logger: context.logger)
        var response: Response
        if request.method == .head {
            // HEAD is GET without the body (RFC 9110, section 9.3.2), on every path.
            var head = request.head
            head.method = .get
            let get = Request(head: head, body: request.body)
            let answer = try await answer(to: get, context: context)
            response = answer.createHeadResponse()
            // A long list does not know its length before it has been written.
            if answer.body.contentLength == nil {
                response.headers[.contentLength] = String(try await LengthWriter.length(of: answer.body))
            }
        } else {
            response = try await answer(to: request, context: context)
        }
        // What it says depends on who asks, and on when: nobody may keep it for others.
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func answer(to request: Request, context: Context) async throws -> Response {
        guard request.headers.allSatisfy({ StreamSafeText.isSafe($0.value) }) else {
            return Self.text(.badRequest, "A header holds \(StreamSafeText.problem).\n")
        }
        guard let path = RequestPath(request.uri.path), let match = ServiceRoutes.table.match(path) else {
            return Self.text(
                .notFound,
                "There is nothing at this path; the services are at \(Self.servicePath) and beside it, REST is at /api.\n"
            )
        }
        let tenantName = match.routes.lazy.compactMap { $0.name("tenant", in: path) }.first
        let tenant = principals.tenant(named: tenantName)
        guard let route = match.route(for: request.method) else {
            let isForCallers = match.routes.contains { $0.access == .caller }
            return isForCallers && tenant == nil ? Self.noTenant : Self.notAllowed(match.allow)
        }
        switch route.operation {
        case .state:
            var answer = await readiness(context)
            answer.headers[.allow] = match.allow
            return answer
        case .health: return Self.text(.ok, "ok\n")
        case .readiness: return await readiness(context)
        case .metrics: return await metrics(context)
        case .describe(let name, let number):
            guard let tenant else { return Self.noTenant }
            let target = target(name, number, tenant, request, context)
            return describe(request, target, isTenantNamed: tenantName != nil)
        case .call(let name, let number):
            guard let tenant else { return Self.noTenant }
            return try await post(request, target(name, number, tenant, request, context))
        case .rest:
            let origin = origins.origin(of: request.head, peer: context.peer)
            let target = RESTService.Target(
                path: path.dropFirst(route.path.count),
                tenant: tenant,
                origin: origin,
                base: base(origin),
                prefix: tenantName == nil ? "" : "/\(tenant ?? "")"
            )
            return await rest.respond(to: request, target: target)
        case .admin: return try await admin.respond(to: request, peer: context.peer, logger: context.logger)
        }
    }

    private func readiness(_ context: Context) async -> Response {
        guard !drain.hasBegun else {
            return Self.text(.serviceUnavailable, "The service is stopping: send calls elsewhere.\n")
        }
        do {
            try await store.checkHealth()
            readiness.note(nil, to: context.logger)
            return Self.text(.ok, "ready\n")
        } catch {
            readiness.note(error, to: context.logger)
            return Self.text(.serviceUnavailable, "The store cannot be reached.\n")
        }
    }

    private func metrics(_ context: Context) async -> Response {
        do {
            return Self.body(.ok, "text/plain; version=0.0.4; charset=utf-8", try await metrics.text())
        } catch {
            throttle.log(.error, "no metrics", metadata: ["error": "\(error)"], to: context.logger)
            return Self.text(.serviceUnavailable, "The store cannot be reached.\n")
        }
    }

    private func target(
        _ name: ServiceName,
        _ number: ServiceNumber,
        _ tenant: String,
        _ request: Request,
        _ context: Context
    ) -> SOAPService.Target {
        let origin = origins.origin(of: request.head, peer: context.peer)
        return SOAPService.Target(service: name, number: number, tenant: tenant, origin: origin)
    }

    private func post(_ request: Request, _ target: SOAPService.Target) async throws -> Response {
        let mediaType = MediaType(request.headers[.contentType] ?? "")
        guard mediaType.isXML else {
            var response = Self.text(
                .unsupportedMediaType,
                "An envelope comes as \(MediaType.accepted.joined(separator: ", ")); Content-Type names none of them.\n"
            )
            response.headers[.accept] = MediaType.accepted.joined(separator: ", ")
            return response
        }
        guard ContentCoding.isNone(request.headers[.contentEncoding]) else {
            var response = Self.text(
                .unsupportedMediaType,
                "The body is packed in a way that this service does not unpack; it unpacks one of \(ContentCoding.accepted).\n"
            )
            response.headers[.acceptEncoding] = ContentCoding.accepted
            return response
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            let limit = maximumBodyBytes
            return Self.response(soap.oversizeFault(limit: limit, mediaType: mediaType, number: target.number))
        }
        let answer = await soap.answer(
            to: Array(body.readableBytesView),
            mediaType: mediaType,
            action: request.headers[Self.soapAction],
            target: target
        )
        count(answer, of: target.service)
        return Self.response(answer)
    }

    func count(_ answer: SOAPService.Answer, of service: ServiceName) {
        counters.increment(
            RequestLabels(
                service: service.rawValue,
                operation: answer.label.operation,
                outcome: answer.label.outcome
            )
        )
    }

    private func describe(_ request: Request, _ target: SOAPService.Target, isTenantNamed: Bool) -> Response {
        let description = descriptions.description(of: target.service, number: target.number)
        let base = base(target.origin)
        let tenant = isTenantNamed ? "/" + target.tenant : ""
        let address = "\(base)\(tenant)/Remote/\(target.number.name)/\(target.service.file)"
        guard let query = request.uri.query, !query.isEmpty else {
            return Self.body(.ok, "text/html; charset=utf-8", description.page(address: address))
        }
        guard let document = description.document(query: query, address: address) else {
            return Self.text(.notFound, "The queries of a service are \(ServiceDescription.queries).\n")
        }
        return Response(status: .ok, headers: [.contentType: "text/xml; charset=utf-8"], body: document)
    }

    /// Scheme and host, as clients are to call us.
    private func base(_ origin: RequestOrigin) -> String {
        publicURL ?? "\(origin.scheme)://\(origin.host ?? listenAddress)"
    }

    static let soapAction = HTTPField.Name("SOAPAction").unsafelyUnwrapped

    private static let servicePath = "/Remote/\(ServiceNumber.services87.name)/\(ServiceName.webhook.file)"

    private static var noTenant: Response {
        text(
            .notFound,
            "The path names no tenant of this installation: hosted, it begins with one, on-site with /Remote.\n"
        )
    }

    private static func notAllowed(_ methods: String) -> Response {
        var response = text(.methodNotAllowed, "The method is not for this path; \(methods) may be used.\n")
        response.headers[.allow] = methods
        return response
    }

    private static func response(_ answer: SOAPService.Answer) -> Response {
        let body: ResponseBody
        switch answer.body {
        case .bytes(let bytes): body = ResponseBody(byteBuffer: bytes)
        case .pages(let pages): body = pages
        }
        return Response(
            status: .init(code: answer.status),
            headers: [.contentType: answer.contentType],
            body: body
        )
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        body(status, "text/plain; charset=utf-8", text)
    }

    private static func body(_ status: HTTPResponse.Status, _ contentType: String, _ text: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: contentType],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}

/// Counts what is written.
private final class LengthWriter: ResponseBodyWriter {
    private let bytes = Mutex(0)

    static func length(of body: ResponseBody) async throws -> Int {
        let writer = LengthWriter()
        try await body.write(writer)
        return writer.bytes.withLock { $0 }
    }

    func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0 += buffer.readableBytes } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
