import AgentCore
import HTTPServing
import HummingbirdCore
import NIOCore
import SOAP
import StoreContracts
import WebhookModel
import XML

/// Writes the answers of one operation, in the form of its request.
struct OperationAnswers {
    let request: SOAPRequest
    /// The name of the element that holds the result.
    let element: String
    let target: SOAPService.Target
    let operationErrors: OperationErrors
    let frames: AnswerFrames

    /// The answer of an operation that succeeded. Throws what reading the first webhooks of a list throws.
    func answer(with result: SOAPService.Outcome) async throws(AgentError) -> SOAPService.Answer {
        switch result {
        case .content(let content): answer(label: label("succeeded"), content: content)
        case .webhooks(let read): try await list(read)
        }
    }

    /// The answer of an operation that succeeded without a result.
    func answer() -> SOAPService.Answer { answer(result: []) }

    /// The answer of an operation whose result is a webhook that the store holds.
    func answer(with held: HeldWebhook) -> SOAPService.Answer {
        let form = target.number.rawValue << 1 | (isDocumented ? 1 : 0)
        return answer(
            result: held.bytes(form) { webhook in
                var writer = writer(exception: nil)
                let start = writer.values.bytes.count
                Webhook.write(webhook, "Response", for: target.number, to: &writer.values)
                return Array(writer.values.bytes[start...])
            }
        )
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
            body: .bytes(ByteBuffer(bytes: writer.values.bytes)),
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
            body: .pages(body),
            label: label("succeeded")
        )
    }

    /// - Parameter result: What stands in the response element.
    private func answer(result: [UInt8]) -> SOAPService.Answer {
        let frame = frame
        var bytes = ByteBuffer()
        bytes.reserveCapacity(frame.head.count + result.count + frame.tail.count)
        bytes.writeBytes(frame.head)
        bytes.writeBytes(result)
        bytes.writeBytes(frame.tail)
        return SOAPService.Answer(
            status: 200,
            contentType: request.version.contentType,
            body: .bytes(bytes),
            label: label("succeeded")
        )
    }

    private var isDocumented: Bool { request.shape != .framework }

    private var frame: AnswerFrames.Frame {
        // A time zone comes from the request, so its frame serves no other answer.
        guard request.header.timeZone == nil else { return makeFrame() }
        let form = AnswerFrames.Form(
            element: element,
            service: target.service,
            number: target.number,
            version: request.version,
            isDocumented: isDocumented
        )
        return frames.frame(form, madeBy: makeFrame)
    }

    private func makeFrame() -> AnswerFrames.Frame {
        var writer = writer(exception: nil)
        let head = writer.values.bytes
        writer.endAnswer(element)
        return .init(head: head, tail: Array(writer.values.bytes[head.count...]))
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
            body: .bytes(ByteBuffer(bytes: body)),
            label: label
        )
    }
}
