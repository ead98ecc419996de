import Foundation

/// Carries one operation out again and again, in one thread, for a tool that counts instructions: see
/// `Benchmarks/instructions`.
@main
struct MeasuredOperations {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 3, let operation = Operation(rawValue: arguments[1]), let count = Int(arguments[3])
        else {
            let names = Operation.allCases.map(\.rawValue).joined(separator: "|")
            print("usage: measured-operations \(names) ENVELOPE-FILE COUNT")
            exit(2)
        }
        let envelope = try String(contentsOfFile: arguments[2], encoding: .utf8)
            .replacingOccurrences(of: "########", with: "00004711")
        let carryOut = operation.preparation(Array(envelope.utf8))
        for _ in 0..<count { try carryOut() }
    }
}

/// What is measured.
enum Operation: String, CaseIterable {
    /// An envelope of `GetWebhook` is read and answered.
    case getWebhook = "get-webhook"
    /// An envelope of `SignalEvent` is read, its event's body is made and handed to a store that keeps nothing, and the
    /// call is answered.
    case signalEvent = "signal-event"
    /// A notification is signed and written as the bytes of an HTTP request.
    case notification

    /// Prepares what all repetitions share. Returns what carries the operation out once and checks its result.
    func preparation(_ envelope: [UInt8]) -> () throws -> Void {
        switch self {
        case .getWebhook: CallOperation(envelope, answer: "GetWebhookResponse").carryOut
        case .signalEvent: CallOperation(envelope, answer: "SignalEventResponse").carryOut
        case .notification: NotificationOperation().carryOut
        }
    }
}

/// An operation had another result than it always has.
struct UnexpectedResultError: Error {
    let text: String
}
