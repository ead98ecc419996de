import AgentCore
import CoreMetrics
import SOAP
import XML

/// The SOAP front: bytes of a request in, bytes of an answer out. It knows envelopes and the agent, and no HTTP server.
struct SOAPFront: Sendable {
    let reader: EnvelopeReader
    let agent: WebhookAgent
    let callers: any CallerDirectory
    let operationErrors: OperationErrors
    let metrics: any MetricsFactory

    /// An answer, with the HTTP status and media type that carry it.
    struct Answer: Sendable {
        var status: Int
        var contentType: String
        var body: [UInt8]
    }

    /// Carries one request out.
    ///
    /// - Parameter action: The `SOAPAction` header, as sent.
    func answer(
        to bytes: [UInt8],
        mediaType: MediaType,
        action: String?,
        service: ServiceName,
        number: ServiceNumber
    ) async -> Answer {
        let envelope: Envelope
        let call: WebhookOperation.Call
        do {
            envelope = try reader.read(bytes, mediaType: mediaType, action: action, namespace: number.namespace)
        } catch {
            count("none", "fault")
            return fault(error.fault, version: error.version, number: number)
        }
        do {
            call = try Self.call(envelope, service: service, namespace: number.namespace)
        } catch {
            count("none", "fault")
            return fault(error, version: envelope.version, number: number)
        }
        do {
            let caller = try await callers.caller(
                ticket: envelope.header.ticket,
                applicationToken: envelope.header.applicationToken
            )
            let content = try await call(agent, caller)
            count(envelope.operation.name, "succeeded")
            return answer(envelope, service: service, number: number, exception: nil, content: content)
        } catch {
            count(envelope.operation.name, error.kind.rawValue)
            return failure(error, envelope, service: service, number: number)
        }
    }

    /// The fault for a message that was not read to its end because it is too long.
    func oversizeFault(limit: Int, mediaType: MediaType, number: ServiceNumber) -> Answer {
        let error = XMLReadError.limit("bytes (setting max-body-bytes)", limit)
        return fault(SOAPFault(.sender, error.description), version: mediaType.impliedVersion, number: number)
    }

    /// Operations that exist, and bounded outcomes: never what a client made up.
    private func count(_ operation: String, _ outcome: String) {
        Counter(
            label: "webhook_svc_soap_requests_total",
            dimensions: [("operation", operation), ("outcome", outcome)],
            factory: metrics
        ).increment()
    }

    private static func call(
        _ envelope: Envelope,
        service: ServiceName,
        namespace: String
    ) throws(SOAPFault) -> WebhookOperation.Call {
        let name = envelope.operation.name
        guard let operation = WebhookOperation(rawValue: name) else {
            throw SOAPFault(.actionNotSupported, "\(service.file) has no operation '\(name.prefix(60))'.")
        }
        return try operation.call(envelope.operation, service: namespace)
    }

    private func failure(
        _ error: AgentError,
        _ envelope: Envelope,
        service: ServiceName,
        number: ServiceNumber
    ) -> Answer {
        let exception = ExceptionInfo(
            message: error.message,
            friendlyText: error.friendlyText,
            exceptionType: error.kind.exceptionType,
            source: error.source.isEmpty ? "\(service.rawValue).\(envelope.operation.name)" : error.source,
            parameters: error.parameters.map { .init(key: $0.key, value: $0.value ?? "") }
        )
        switch operationErrors {
        case .header:
            return answer(envelope, service: service, number: number, exception: exception) { _ in }
        case .fault:
            let fault = SOAPFault(error.kind == .server ? .receiver : .sender, error.friendlyText)
            return self.fault(fault, version: envelope.version, number: number, exception: exception)
        }
    }

    private func answer(
        _ envelope: Envelope,
        service: ServiceName,
        number: ServiceNumber,
        exception: ExceptionInfo?,
        content: WebhookOperation.Content
    ) -> Answer {
        let body = AnswerWriter.answer(
            shape: envelope.shape,
            version: envelope.version,
            service: service.rawValue,
            namespace: number.namespace,
            element: envelope.operation.name + "Response",
            header: ResponseHeader(exception: exception, timeZone: envelope.header.timeZone),
            content: content
        )
        return Answer(status: 200, contentType: envelope.version.contentType, body: body)
    }

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
        return Answer(status: 500, contentType: version.contentType, body: body)
    }
}

/// How an operation that fails is answered over SOAP (contract, section 4).
package enum OperationErrors: String, Sendable, CaseIterable {
    /// HTTP 200 with `Succeeded` false and `ExceptionInfo` in the Header, as NetServer does.
    case header
    /// A fault whose detail is `SoExceptionInfo`, for toolkits that ignore headers.
    case fault
}
