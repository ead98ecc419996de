import HTTPTypes
import NIOCore
import Synchronization

@testable import HTTPServing

/// Takes every request but those to `/task`. It answers `/now` at once and `/later` when told to, and passes the others on.
final class ScriptedCalls: DirectCalls {
    /// The paths of the heads that a call was looked for with.
    let found = Mutex<[String]>([])
    /// The bodies of the calls that were not passed on.
    let bodies = Mutex<[String]>([])
    /// The calls of `/later` that are not answered.
    let waiting = Mutex<[DirectCompletion]>([])

    func call(_ head: HTTPRequest, from peer: SocketAddress?) -> (any DirectCall)? {
        guard let path = head.path, path != "/task" else { return nil }
        found.withLock { $0.append(path) }
        return Call(path: path, calls: self)
    }

    /// An answer with the status 200.
    static func answer(_ text: String) -> DirectAnswer {
        DirectAnswer(status: 200, contentType: "text/plain", body: ByteBuffer(string: text))
    }

    /// Answers the calls of `/later` that came up to now.
    func answerWaiting(_ text: String = "later") {
        let completions = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for complete in completions { complete { Self.answer(text) } }
    }

    private struct Call: DirectCall {
        let path: String
        let calls: ScriptedCalls

        func answer(_ body: ByteBuffer, completion: @escaping DirectCompletion) -> DirectOutcome {
            guard path == "/now" || path == "/later" else { return .passedOn }
            calls.bodies.withLock { $0.append(String(buffer: body)) }
            switch path {
            case "/now": return .answered(ScriptedCalls.answer("now " + String(buffer: body)))
            default:
                calls.waiting.withLock { $0.append(completion) }
                return .pending
            }
        }
    }
}
