import AgentCore
import CoreMetrics
import HTTPServing
import HummingbirdCore
import NIOCore
import Networking
import SOAP
import Text
import XML

/// The SOAP front: bytes of a request in, the body of an answer out. It knows envelopes and the agents, and nothing else of
/// HTTP.
struct SOAPFront: Sendable {
    let reader: EnvelopeReader
    let webhooks: WebhookAgent
    let principals: PrincipalAgent
    let system: SystemInfo
    let operationErrors: OperationErrors
    let counters: OutcomeCounters<RequestLabels>

    /// Writes what stands in the response element.
    typealias Content = (inout XMLValueWriter) -> Void

    /// What a call answers.
    enum Outcome {
        case content(Content)
        /// Webhooks, by what reads up to so many of them whose ids follow one.
        case webhooks(ServiceNumber, read: @Sendable (Int32, Int) async throws(AgentError) -> [Webhook])
    }

    /// An operation whose arguments have been read.
    private struct Operation {
        let responseElement: String
        let call: (SOAPFront, Credentials) async throws(AgentError) -> Outcome
    }

    /// What requests are counted by: operations that exist, and bounded outcomes; never what a client made up.
    struct RequestLabels: Hashable, Sendable {
        let service: String
        let operation: String
        let outcome: String

        static func counters(_ factory: any MetricsFactory) -> OutcomeCounters<RequestLabels> {
            OutcomeCounters(name: "webhook_svc_requests_total", factory: factory) { labels in
                [("service", labels.service), ("operation", labels.operation), ("outcome", labels.outcome)]
            }
        }
    }

    /// What a request asks for by its path, and who sent it.
    struct Target: Sendable {
        var service: ServiceName
        var number: ServiceNumber
        /// The identifier of the tenant.
        var tenant: String
        var origin: RequestOrigin
    }

    /// An answer, with the HTTP status and media type that carry it.
    struct Answer: Sendable {
        var status: Int
        var contentType: String
        var body: ResponseBody
    }

    /// Carries one request out.
    ///
    /// - Parameter action: The `SOAPAction` header, as sent.
    func answer(to bytes: [UInt8], mediaType: MediaType, action: String?, target: Target) async -> Answer {
        let envelope: Envelope
        let operation: Operation
        do {
            envelope = try reader.read(bytes, mediaType: mediaType, action: action, namespace: target.number.namespace)
        } catch {
            count(target.service, "none", "fault")
            return fault(error.fault, version: error.version, number: target.number)
        }
        do {
            operation = try self.operation(envelope, target)
        } catch {
            count(target.service, "none", "fault")
            return fault(error, version: envelope.version, number: target.number)
        }
        let credentials = Credentials(
            tenant: target.tenant,
            ticket: envelope.header.ticket,
            applicationToken: envelope.header.applicationToken,
            address: target.origin.address,
            network: target.origin.network
        )
        do {
            let answer =
                switch try await operation.call(self, credentials) {
                case .content(let content): answer(envelope, operation, target, exception: nil, content: content)
                case .webhooks(let number, let read): try await list(envelope, operation, target, number, read)
                }
            count(target.service, envelope.operation.name, "succeeded")
            return answer
        } catch {
            count(target.service, envelope.operation.name, error.kind.rawValue)
            return failure(error, envelope, operation, target)
        }
    }

    /// The fault for a message that was not read to its end because it is too long.
    func oversizeFault(limit: Int, mediaType: MediaType, number: ServiceNumber) -> Answer {
        let error = XMLReadError.limit(.bytes, limit, remedy: "setting max-body-bytes")
        return fault(SOAPFault(.sender, error.description), version: mediaType.impliedVersion, number: number)
    }

    private func count(_ service: ServiceName, _ operation: String, _ outcome: String) {
        counters.increment(.init(service: service.rawValue, operation: operation, outcome: outcome))
    }

    private func operation(_ envelope: Envelope, _ target: Target) throws(SOAPFault) -> Operation {
        let element = envelope.operation
        switch target.service {
        case .webhook:
            guard let operation = WebhookOperation(rawValue: element.name) else { break }
            let call = try operation.call(element, number: target.number)
            return Operation(responseElement: operation.responseElement) { front, credentials throws(AgentError) in
                try await call(front.webhooks, try await front.principals.caller(credentials))
            }
        case .soPrincipal:
            guard let operation = PrincipalOperation(element.name, in: target.number) else { break }
            let call = try operation.call(
                element,
                service: .service(target.number.namespace),
                system: system
            )
            return Operation(responseElement: operation.responseElement) { front, credentials throws(AgentError) in
                .content(try await call(front.principals, credentials))
            }
        }
        throw SOAPFault(
            .actionNotSupported,
            "\(target.number.name)/\(target.service.file) has no operation \(Excerpt.of(element.name))."
        )
    }

    private func failure(
        _ error: AgentError,
        _ envelope: Envelope,
        _ operation: Operation,
        _ target: Target
    ) -> Answer {
        let exception = ExceptionInfo(
            message: error.message,
            friendlyText: error.friendlyText,
            exceptionType: error.kind.exceptionType,
            source: error.source.isEmpty ? "\(target.service.rawValue).\(envelope.operation.name)" : error.source,
            parameters: error.parameters.map { .init(key: $0.key, value: $0.value ?? "") }
        )
        switch operationErrors {
        case .header:
            return answer(envelope, operation, target, exception: exception) { _ in }
        case .fault:
            let fault = SOAPFault(error.kind == .server ? .receiver : .sender, error.friendlyText)
            return self.fault(fault, version: envelope.version, number: target.number, exception: exception)
        }
    }

    private func answer(
        _ envelope: Envelope,
        _ operation: Operation,
        _ target: Target,
        exception: ExceptionInfo?,
        content: Content
    ) -> Answer {
        let body = AnswerWriter.answer(
            shape: envelope.shape,
            version: envelope.version,
            service: target.service.rawValue,
            namespace: target.number.namespace,
            element: operation.responseElement,
            header: ResponseHeader(exception: exception, timeZone: envelope.header.timeZone),
            content: content
        )
        return Answer(status: 200, contentType: envelope.version.contentType, body: Self.whole(body))
    }

    private func list(
        _ envelope: Envelope,
        _ operation: Operation,
        _ target: Target,
        _ number: ServiceNumber,
        _ read: @escaping @Sendable (Int32, Int) async throws(AgentError) -> [Webhook]
    ) async throws(AgentError) -> Answer {
        var writer = AnswerWriter(
            shape: envelope.shape,
            version: envelope.version,
            service: target.service.rawValue,
            namespace: target.number.namespace
        )
        writer.beginAnswer(
            operation.responseElement,
            header: ResponseHeader(exception: nil, timeZone: envelope.header.timeZone)
        )
        writer.values.begin("Response", .service("ArrayOfWebhook"))
        let list = PagedList(
            writer: WebhookListWriter(writer: writer, element: operation.responseElement, number: number)
        ) { id, limit throws(AgentError) in
            .init(try await read(id, limit), limit: limit, id: \.id) { $0 }
        }
        return Answer(status: 200, contentType: envelope.version.contentType, body: try await list.body())
    }

    private static func whole(_ body: [UInt8]) -> ResponseBody { ResponseBody(byteBuffer: ByteBuffer(bytes: body)) }

    /// Faults go out with 500 in both versions, as the original's framework sends them.
    private func fault(
        _ fault: SOAPFault,
        version: SOAPVersion,
        number: ServiceNumber,
        exception: ExceptionInfo? = nil
    ) -> Answer {
        let body = FaultWriter.envelope(
            for: fault,
            version: version,
            namespace: number.namespace,
            exception: exception
        )
        return Answer(status: 500, contentType: version.contentType, body: Self.whole(body))
    }
}

/// Writes GetAllWebhooks' answer.
private struct WebhookListWriter: ListWriter {
    var writer: AnswerWriter
    let element: String
    let number: ServiceNumber

    mutating func write(_ webhook: Webhook) { Webhook.write(webhook, "Webhook", for: number, to: &writer.values) }

    mutating func end() {
        writer.values.end("Response")
        writer.endAnswer(element)
    }

    mutating func take() -> [UInt8] { writer.values.take() }
}

/// How an operation that fails is answered over SOAP (contract, section 4).
package enum OperationErrors: String, Sendable, CaseIterable {
    /// HTTP 200 with `Succeeded` false and `ExceptionInfo` in the Header, as NetServer does.
    case header
    /// A fault whose detail holds `ExceptionDetail` and `SoExceptionInfo`, for toolkits that ignore headers.
    case fault
}
