package import AgentCore
import HTTPServing
package import HummingbirdCore
package import NIOCore
package import Networking
package import RequestOrigins
package import SOAP
import Text
import WebhookModel
import XML

/// Answers the envelopes of SOAP clients: the bytes of a request in, the body of an answer out. It knows envelopes and the
/// agents, and nothing else of HTTP.
package struct SOAPService: Sendable {
    private let reader: EnvelopeReader
    let webhooks: WebhookAgent
    let principals: PrincipalAgent
    private let system: SystemInfo
    private let operationErrors: OperationErrors
    private let frames = AnswerFrames()

    /// Creates a service.
    ///
    /// - Parameters:
    ///   - system: What `GetSystemInfo` tells.
    ///   - operationErrors: How an operation that fails is answered.
    package init(
        reader: EnvelopeReader,
        webhooks: WebhookAgent,
        principals: PrincipalAgent,
        system: SystemInfo,
        operationErrors: OperationErrors
    ) {
        self.reader = reader
        self.webhooks = webhooks
        self.principals = principals
        self.system = system
        self.operationErrors = operationErrors
    }

    /// What a request asks for by its path, and who sent it. The calls of a connection share it.
    package final class Target: Sendable {
        /// The service.
        package let service: ServiceName
        /// The generation of its contract.
        package let number: ServiceNumber
        /// The identifier of the tenant.
        package let tenant: String
        /// Where the request comes from.
        package let origin: RequestOrigin

        /// Creates a target.
        package init(service: ServiceName, number: ServiceNumber, tenant: String, origin: RequestOrigin) {
            (self.service, self.number, self.tenant, self.origin) = (service, number, tenant, origin)
        }
    }

    /// An answer, with the HTTP status and media type that carry it.
    package struct Answer: Sendable {
        /// What holds an envelope.
        package enum Body: Sendable {
            /// The whole envelope.
            case bytes(ByteBuffer)
            /// An envelope that is made while it is sent.
            case pages(ResponseBody)
        }

        /// The HTTP status.
        package var status: Int
        /// The value of `Content-Type`.
        package var contentType: String
        /// The envelope.
        package var body: Body
        /// What operators count the call by.
        package var label: CallLabel
    }

    /// What operators count a call by: an operation that exists, or `none`, and one of few outcomes; never what a client made up.
    package struct CallLabel: Sendable, Hashable {
        /// The operation; `none` where the envelope or the arguments could not be read.
        package var operation: String
        /// `succeeded`, `fault`, or the kind of error.
        package var outcome: String

        static let fault = CallLabel(operation: "none", outcome: "fault")
    }

    /// What an agent brought, as an answer holds it.
    enum Outcome {
        /// Writes what stands in the response element.
        case content((inout XMLValueWriter) -> Void)
        /// Webhooks, by what reads up to so many of them whose ids follow one.
        case webhooks(read: @Sendable (Int32, Int) async throws(AgentError) -> [Webhook])
    }

    /// An operation that a request names, and the element of its answer.
    struct Operation {
        enum Name {
            case webhook(WebhookOperation)
            case principal(PrincipalOperation)
        }

        let name: Name
        let responseElement: String
    }

    /// Why a call has no result.
    enum Failure: Error {
        /// The message is not as the contract has it.
        case fault(SOAPFault)
        /// The operation failed.
        case operation(AgentError)
    }

    /// A request that has been read, and not carried out.
    package struct Call: Sendable {
        let operation: Operation
        let answers: OperationAnswers
        var request: SOAPRequest { answers.request }
        var target: Target { answers.target }

        /// Whether the answer is a list, which is sent while it is read from the store.
        package var isList: Bool { if case .webhook(.getAllWebhooks) = operation.name { true } else { false } }
    }

    /// Carries one request out.
    ///
    /// - Parameter action: The `SOAPAction` header, as sent.
    package func answer(to bytes: [UInt8], mediaType: MediaType, action: String?, target: Target) async -> Answer {
        let call: Call
        do { call = try self.call(bytes, mediaType: mediaType, action: action, target: target) } catch {
            return error.answer
        }
        return await answer(to: call)
    }

    /// Carries a call out.
    package func answer(to call: Call) async -> Answer {
        do throws(Failure) {
            let result = try await result(of: call)
            do { return try await call.answers.answer(with: result) } catch { throw Failure.operation(error) }
        } catch {
            return answer(to: call, error)
        }
    }

    func answer(to call: Call, _ failure: Failure) -> Answer {
        switch failure {
        case .fault(let fault): Answer(fault, version: call.request.version, number: call.target.number)
        case .operation(let error): call.answers.answer(with: error)
        }
    }

    /// A request that cannot be carried out, with its answer.
    struct Refusal: Error {
        let answer: Answer
    }

    /// Reads a request.
    func call(
        _ bytes: [UInt8],
        mediaType: MediaType,
        action: String?,
        target: Target
    ) throws(Refusal) -> Call {
        let request: SOAPRequest
        do {
            request = try reader.request(
                bytes,
                mediaType: mediaType,
                action: action,
                service: target.service,
                namespace: target.number.namespace
            )
        } catch {
            throw Refusal(answer: Answer(error.fault, version: error.version, number: target.number))
        }
        guard let operation = Self.operation(named: request.operation.name, target) else {
            let fault = SOAPFault(
                .actionNotSupported,
                "\(target.number.name)/\(target.service.file) has no operation \(Excerpt.quoted(request.operation.name))."
            )
            throw Refusal(answer: Answer(fault, version: request.version, number: target.number))
        }
        let answers = OperationAnswers(
            request: request,
            element: operation.responseElement,
            target: target,
            operationErrors: operationErrors,
            frames: frames
        )
        return Call(operation: operation, answers: answers)
    }

    /// The fault for a message that was not read to its end because it is too long.
    package func oversizeFault(limit: Int, mediaType: MediaType, number: ServiceNumber) -> Answer {
        let error = XMLReadError.limit(.bytes, limit, remedy: "setting max-body-bytes")
        return Answer(SOAPFault(.sender, error.description), version: mediaType.impliedVersion, number: number)
    }

    // MARK: Calls

    private static func operation(named name: String, _ target: Target) -> Operation? {
        switch target.service {
        case .webhook:
            WebhookOperation(rawValue: name).map {
                Operation(name: .webhook($0), responseElement: $0.responseElement)
            }
        case .soPrincipal:
            PrincipalOperation(name, in: target.number).map {
                Operation(name: .principal($0), responseElement: $0.responseElement)
            }
        }
    }

    func credentials(_ request: SOAPRequest, _ target: Target) -> Credentials {
        Credentials(
            tenant: target.tenant,
            ticket: request.header.ticket,
            applicationToken: request.header.applicationToken,
            address: target.origin.address,
            network: target.origin.network
        )
    }

    static func arguments(of operation: WebhookOperation, _ call: Call) throws(Failure) -> WebhookCall {
        do {
            return try WebhookCall(operation, call.request.operation, number: call.target.number)
        } catch {
            throw .fault(error)
        }
    }

    /// Authenticates the caller, reads the arguments and asks the agent.
    private func result(of call: Call) async throws(Failure) -> Outcome {
        let credentials = credentials(call.request, call.target)
        switch call.operation.name {
        case .webhook(let operation):
            let caller: Caller
            do { caller = try await principals.caller(credentials) } catch { throw .operation(error) }
            let arguments = try Self.arguments(of: operation, call)
            do {
                return try await arguments.result(from: webhooks, for: caller, number: call.target.number)
            } catch {
                throw .operation(error)
            }
        case .principal(let operation):
            let arguments: PrincipalCall
            do {
                arguments = try PrincipalCall(
                    operation,
                    call.request.operation,
                    service: .service(call.target.number.namespace)
                )
            } catch {
                throw .fault(error)
            }
            do { return try await arguments.result(from: principals, credentials, system: system) } catch {
                throw .operation(error)
            }
        }
    }
}
