package import AgentCore
package import HTTPServing
package import HummingbirdCore
package import Networking
package import SOAP
import Text
import WebhookModel
import XML

/// Answers the envelopes of SOAP clients: the bytes of a request in, the body of an answer out. It knows envelopes and the
/// agents, and nothing else of HTTP.
package struct SOAPService: Sendable {
    private let reader: EnvelopeReader
    private let webhooks: WebhookAgent
    private let principals: PrincipalAgent
    private let system: SystemInfo
    private let operationErrors: OperationErrors

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

    /// What a request asks for by its path, and who sent it.
    package struct Target: Sendable {
        /// The service.
        package var service: ServiceName
        /// The generation of its contract.
        package var number: ServiceNumber
        /// The identifier of the tenant.
        package var tenant: String
        /// Where the request comes from.
        package var origin: RequestOrigin

        /// Creates a target.
        package init(service: ServiceName, number: ServiceNumber, tenant: String, origin: RequestOrigin) {
            (self.service, self.number, self.tenant, self.origin) = (service, number, tenant, origin)
        }
    }

    /// An answer, with the HTTP status and media type that carry it.
    package struct Answer: Sendable {
        /// The HTTP status.
        package var status: Int
        /// The value of `Content-Type`.
        package var contentType: String
        /// The envelope.
        package var body: ResponseBody
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
    enum Result {
        /// Writes what stands in the response element.
        case content((inout XMLValueWriter) -> Void)
        /// Webhooks, by what reads up to so many of them whose ids follow one.
        case webhooks(read: @Sendable (Int32, Int) async throws(AgentError) -> [Webhook])
    }

    /// An operation that a request names, and the element of its answer.
    private struct Operation {
        enum Name {
            case webhook(WebhookOperation)
            case principal(PrincipalOperation)
        }

        let name: Name
        let responseElement: String
    }

    /// Why a call has no result.
    private enum Failure: Error {
        /// The message is not as the contract has it.
        case fault(SOAPFault)
        /// The operation failed.
        case operation(AgentError)
    }

    /// Carries one request out.
    ///
    /// - Parameter action: The `SOAPAction` header, as sent.
    package func answer(to bytes: [UInt8], mediaType: MediaType, action: String?, target: Target) async -> Answer {
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
            return Answer(error.fault, version: error.version, number: target.number)
        }
        guard let operation = Self.operation(named: request.operation.name, target) else {
            let fault = SOAPFault(
                .actionNotSupported,
                "\(target.number.name)/\(target.service.file) has no operation \(Excerpt.quoted(request.operation.name))."
            )
            return Answer(fault, version: request.version, number: target.number)
        }
        let answers = OperationAnswers(
            request: request,
            element: operation.responseElement,
            target: target,
            operationErrors: operationErrors
        )
        do throws(Failure) {
            let result = try await result(of: operation, request, target)
            do { return try await answers.answer(with: result) } catch { throw Failure.operation(error) }
        } catch {
            switch error {
            case .fault(let fault): return Answer(fault, version: request.version, number: target.number)
            case .operation(let error): return answers.answer(with: error)
            }
        }
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
                Operation(name: .webhook($0), responseElement: $0.rawValue + "Response")
            }
        case .soPrincipal:
            PrincipalOperation(name, in: target.number).map {
                Operation(name: .principal($0), responseElement: $0.responseElement)
            }
        }
    }

    /// Authenticates the caller, reads the arguments and asks the agent.
    private func result(
        of operation: Operation,
        _ request: SOAPRequest,
        _ target: Target
    ) async throws(Failure) -> Result {
        let credentials = Credentials(
            tenant: target.tenant,
            ticket: request.header.ticket,
            applicationToken: request.header.applicationToken,
            address: target.origin.address,
            network: target.origin.network
        )
        let (element, number) = (request.operation, target.number)
        switch operation.name {
        case .webhook(let operation):
            let caller: Caller
            let call: WebhookCall
            do { caller = try await principals.caller(credentials) } catch { throw .operation(error) }
            do { call = try WebhookCall(operation, element, number: number) } catch { throw .fault(error) }
            do {
                return try await call.result(from: webhooks, for: caller, number: number)
            } catch {
                throw .operation(error)
            }
        case .principal(let operation):
            let call: PrincipalCall
            do {
                call = try PrincipalCall(operation, element, service: .service(number.namespace))
            } catch {
                throw .fault(error)
            }
            do { return try await call.result(from: principals, credentials, system: system) } catch {
                throw .operation(error)
            }
        }
    }
}
