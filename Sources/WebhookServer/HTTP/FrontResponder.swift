import AgentCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SOAP
import XML

/// Answers HTTP requests: finds what a path asks for, and carries what the fronts say.
struct FrontResponder: HTTPResponder {
    typealias Context = ServiceContext

    let soap: SOAPFront
    let rest: RESTFront
    let principals: PrincipalAgent
    let origins: RequestOriginReader
    let admin: AdminFront
    let metrics: MetricsFront
    let descriptions: [ServiceDescription.ID: ServiceDescription]
    let store: any WebhookStore
    let maximumBodyBytes: Int
    /// Stands before `/Remote` and `/api`, or the tenant; nil to take the host that was asked.
    let publicURL: String?
    let listenAddress: String
    let drain: Drain
    let trialGuard: TrialGuard

    func respond(to request: Request, context: Context) async throws -> Response {
        trialGuard.look(at: request.headers, logger: context.logger)
        var response = try await answer(to: request, context: context)
        // RFC 9110, section 9.3.2: a body would be taken for the next answer.
        if request.method == .head { response.body = .init() }
        // What it says depends on who asks, and on when: nobody may keep it for others.
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func answer(to request: Request, context: Context) async throws -> Response {
        guard request.headers.allSatisfy({ StreamSafeText.isSafe($0.value.utf8) }) else {
            return Self.text(.badRequest, "A header holds \(StreamSafeText.problem).\n")
        }
        let route = Route(path: request.uri.path)
        switch route {
        case .service(let tenantName, let name, let number):
            guard let tenant = principals.tenant(named: tenantName) else { return Response(status: .notFound) }
            let target = SOAPFront.Target(
                service: name,
                number: number,
                tenant: tenant,
                origin: origins.origin(of: request.head, peer: context.peer)
            )
            return try await service(request, target, isTenantNamed: tenantName != nil)
        case .api(let tenantName, let parts):
            let tenant = principals.tenant(named: tenantName)
            let origin = origins.origin(of: request.head, peer: context.peer)
            let target = RESTFront.Target(
                parts: parts,
                tenant: tenant,
                origin: origin,
                base: base(origin),
                prefix: tenantName == nil ? "" : "/\(tenant ?? "")"
            )
            return await rest.respond(to: request, target: target)
        case .root:
            // For health checks that look nowhere else. HAProxy's ask with OPTIONS.
            guard [.get, .head, .options].contains(request.method) else {
                return Response(status: .methodNotAllowed, headers: [.allow: Self.rootMethods])
            }
            var answer = await state(.readiness, context)
            answer.headers[.allow] = Self.rootMethods
            return answer
        case .health, .readiness, .metrics:
            guard request.method == .get else {
                return Response(status: .methodNotAllowed, headers: [.allow: "GET"])
            }
            return await state(route, context)
        case .admin:
            let origin = origins.origin(of: request.head, peer: context.peer)
            return try await admin.respond(to: request, from: origin, context: context)
        case .none: return Response(status: .notFound)
        }
    }

    private func state(_ route: Route, _ context: Context) async -> Response {
        switch route {
        case .health: return Self.text(.ok, "ok\n")
        case .readiness:
            guard !drain.hasBegun else {
                return Self.text(.serviceUnavailable, "The service is stopping: send calls elsewhere.\n")
            }
            do {
                try await store.checkHealth()
                return Self.text(.ok, "ready\n")
            } catch {
                context.logger.error("not ready", metadata: ["error": "\(error)"])
                return Self.text(.serviceUnavailable, "The store cannot be reached.\n")
            }
        case .metrics:
            do {
                return Self.body(.ok, "text/plain; version=0.0.4; charset=utf-8", try await metrics.text())
            } catch {
                context.logger.error("no metrics", metadata: ["error": "\(error)"])
                return Self.text(.serviceUnavailable, "The store cannot be reached.\n")
            }
        default: return Response(status: .notFound)
        }
    }

    private func service(
        _ request: Request,
        _ target: SOAPFront.Target,
        isTenantNamed: Bool
    ) async throws -> Response {
        switch request.method {
        case .post: return try await post(request, target)
        case .get: return describe(request, target, isTenantNamed: isTenantNamed)
        default: return Response(status: .methodNotAllowed, headers: [.allow: "GET, POST"])
        }
    }

    private func post(_ request: Request, _ target: SOAPFront.Target) async throws -> Response {
        let mediaType = MediaType(request.headers[.contentType] ?? "")
        guard mediaType.isXML, Self.isReadable(request.headers[.contentEncoding]) else {
            return Response(status: .unsupportedMediaType)
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
        return Self.response(answer)
    }

    private func describe(_ request: Request, _ target: SOAPFront.Target, isTenantNamed: Bool) -> Response {
        guard let description = descriptions[.init(name: target.service, number: target.number)] else {
            return Response(status: .notFound)
        }
        let base = base(target.origin)
        let tenant = isTenantNamed ? "/" + target.tenant : ""
        let address = "\(base)\(tenant)/Remote/\(target.number.name)/\(target.service.file)"
        if let query = request.uri.query, let document = description.document(query: query, address: address) {
            return Self.body(.ok, "text/xml; charset=utf-8", document)
        }
        return Self.body(.ok, "text/html; charset=utf-8", description.page(address: address))
    }

    /// Scheme and host, as clients are to call us.
    private func base(_ origin: RequestOrigin) -> String {
        publicURL ?? "\(origin.scheme)://\(origin.host ?? listenAddress)"
    }

    private static let rootMethods = "GET, HEAD, OPTIONS"
    private static let soapAction = HTTPField.Name("SOAPAction").unsafelyUnwrapped

    /// The decompressor has unpacked these.
    static func isReadable(_ encoding: String?) -> Bool {
        ["", "identity", "gzip", "deflate"].contains(encoding?.lowercased() ?? "")
    }

    private static func response(_ answer: SOAPFront.Answer) -> Response {
        Response(
            status: .init(code: answer.status),
            headers: [.contentType: answer.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
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
