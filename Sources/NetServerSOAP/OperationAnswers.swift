import AgentCore
import HTTPServing
import HummingbirdCore
import NIOCore
import SOAP
import WebhookModel
import XML

/// Writes the answers of one operation, in the form of its request.
struct OperationAnswers {
    let request: SOAPRequest
    /// The name of the element that holds the result.
    let element: String
    let target: SOAPService.Target
    let operationErrors: OperationErrors

    /// The answer of an operation that succeeded. Throws what reading the first webhooks of a list throws.
    func answer(with result: SOAPService.Result) async throws(AgentError) -> SOAPService.Answer {
        switch result {
        case .content(let content): answer(label: label("succeeded"), content: content)
        case .webhooks(let read): try await list(read)
        }
    }

    /// The answer of an operation that failed.
    func answer(with error: AgentError) -> SOAPService.Answer {
        let label = label(error.kind.rawValue)
        let exception = ExceptionInfo(
            message: error.messageWithRemedy,
            friendlyText: error.friendlyText,
            exceptionType: error.kind.exceptionType,
            source: "\(target.service.rawValue).\(request.operation.name)",
            parameters: error.parameters.map { .init(key: $0.key, value: $0.value ?? "") }
        )
        switch operationErrors {
        case .header:
            return answer(label: label, exception: exception) { _ in }
        case .fault:
            return SOAPService.Answer(
                SOAPFault(error.kind == .server ? .receiver : .sender, error.friendlyText),
                version: request.version,
                number: target.number,
                exception: exception,
                label: label
            )
        }
    }

    private func label(_ outcome: String) -> SOAPService.CallLabel {
        SOAPService.CallLabel(operation: request.operation.name, outcome: outcome)
    }

    private func answer(
        label: SOAPService.CallLabel,
        exception: ExceptionInfo? = nil,
        content: (inout XMLValueWriter) -> Void
    ) -> SOAPService.Answer {
        var writer = writer(exception: exception)
        content(&writer.values)
        writer.endAnswer(element)
        return SOAPService.Answer(
            status: 200,
            contentType: request.version.contentType,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.values.bytes)),
            label: label
        )
    }

    private func list(
        _ read: @escaping @Sendable (Int32, Int) async throws(AgentError) -> [Webhook]
    ) async throws(AgentError) -> SOAPService.Answer {
        var writer = writer(exception: nil)
        writer.values.begin("Response", .service("ArrayOfWebhook"))
        let list = PagedList(
            writer: WebhookListWriter(writer: writer, element: element, number: target.number)
        ) { id, limit throws(AgentError) in
            .init(try await read(id, limit), limit: limit, id: \.id) { $0 }
        }
        let body = try await list.body()
        return SOAPService.Answer(
            status: 200,
            contentType: request.version.contentType,
            body: body,
            label: label("succeeded")
        )
    }

    /// A writer of the answer, whose response element has been opened.
    private func writer(exception: ExceptionInfo?) -> AnswerWriter {
        var writer = AnswerWriter(shape: request.shape, version: request.version, namespace: target.number.namespace)
        writer.beginAnswer(element, header: ResponseHeader(exception: exception, timeZone: request.header.timeZone))
        return writer
    }
}

extension SOAPService.Answer {
    /// Creates the answer that is a fault. Faults go out with 500 in both versions, as the original's framework sends them.
    init(
        _ fault: SOAPFault,
        version: SOAPVersion,
        number: ServiceNumber,
        exception: ExceptionInfo? = nil,
        label: SOAPService.CallLabel = .fault
    ) {
        let body = FaultWriter.envelope(
            for: fault,
            version: version,
            namespace: number.namespace,
            detail: exception.map { exception in { $0.writeDetail(exception) } }
        )
        self.init(
            status: 500,
            contentType: version.contentType,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)),
            label: label
        )
    }
}
