import AgentCore
import HTTPRouting
import HTTPServing
import HTTPTypes
import NIOCore
import NetServerSOAP
import Networking
import RequestOrigins
import SOAP
import Text

/// Finds the calls of SOAP clients, and answers them on the event loop of their connection as far as they do not wait.
///
/// Only what is in order is taken. All other requests go to ``ServiceResponder``, which says what is wrong with them.
struct SOAPCalls: DirectCalls {
    let responder: ServiceResponder

    func call(_ head: HTTPRequest, from peer: SocketAddress?) -> (any DirectCall)? {
        // First: long runs of combining characters take long to read.
        guard head.headerFields.allSatisfy({ StreamSafeText.isSafe($0.value) }) else { return nil }
        // The responder tells of it, in a line that names the request.
        guard !responder.trialGuard.isAlarmed(by: head.headerFields) else { return nil }
        let mediaType = MediaType(head.headerFields[.contentType] ?? "")
        guard mediaType.isXML, ContentCoding.isNone(head.headerFields[.contentEncoding]),
            let path = (head.path?.prefix { $0 != "?" }).flatMap({ RequestPath(String($0)) }),
            let match = ServiceRoutes.table.match(path), let route = match.route(for: head.method),
            case .call(let name, let number) = route.operation,
            let tenant = responder.principals.tenant(named: route.name("tenant", in: path))
        else { return nil }
        let target = SOAPService.Target(
            service: name,
            number: number,
            tenant: tenant,
            origin: responder.origins.origin(of: head, peer: peer)
        )
        return SOAPCall(
            responder: responder,
            target: target,
            mediaType: mediaType,
            action: head.headerFields[ServiceResponder.soapAction]
        )
    }
}

/// A call of an operation of a SOAP service.
private final class SOAPCall: DirectCall {
    private let responder: ServiceResponder
    private let target: SOAPService.Target
    private let mediaType: MediaType
    private let action: String?

    init(responder: ServiceResponder, target: SOAPService.Target, mediaType: MediaType, action: String?) {
        (self.responder, self.target, self.mediaType, self.action) = (responder, target, mediaType, action)
    }

    func answer(_ body: ByteBuffer, completion: @escaping DirectCompletion) -> DirectOutcome {
        // A limit may be lower than what is gathered.
        guard body.readableBytes <= responder.maximumBodyBytes else { return .passedOn }
        let beginning = responder.soap.begin(
            Array(body.readableBytesView),
            mediaType: mediaType,
            action: action,
            target: target
        ) { makeAnswer in
            completion { self.counted(makeAnswer()) }
        }
        switch beginning {
        case .answered(let answer): return .answered(counted(answer))
        case .pending: return .pending
        case .waiting(let call) where call.isList: return .passedOn
        case .waiting(let call):
            // The connection has no other call meanwhile.
            responder.tasks.start { [self] in
                let answer = await responder.soap.answer(to: call)
                completion { self.counted(answer) }
            }
            return .pending
        }
    }

    private func counted(_ answer: SOAPService.Answer) -> DirectAnswer {
        responder.count(answer, of: target.service)
        guard case .bytes(let bytes) = answer.body else { preconditionFailure("lists are passed on") }
        return DirectAnswer(status: answer.status, contentType: answer.contentType, body: bytes)
    }
}
