import AgentCore
import Cryptography
import Foundation
import Synchronization

/// OpenSSL, as ``PrincipalAgent`` needs it.
///
/// Passwords are checked on threads of their own, fewer than there are cores, so that logins leave one to everything else.
final class OpenSSLCryptography: CallerCryptography {
    private let queue: OperationQueue
    private let waiting = Mutex(0)

    /// Checks that may wait: as many as are made within half a minute, after which clients begin to give up.
    private static let mostWaiting = 128
    /// Those beyond that which may wait when they are urgent: whoever guesses at many names must not keep out who is known.
    private static let urgentWaiting = 128
    private static let mostThreads = 4

    init() {
        queue = OperationQueue()
        queue.name = "passwords"
        queue.maxConcurrentOperationCount = min(
            Self.mostThreads,
            max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        )
    }

    func randomBytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }

    func digest(of bytes: [UInt8]) -> [UInt8] { SHA256Digest.of(bytes) }

    func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? {
        guard let hash = PasswordHash(hash) else { return false }
        let hasRoom = waiting.withLock { waiting in
            guard waiting < Self.mostWaiting + (isUrgent ? Self.urgentWaiting : 0) else { return false }
            waiting += 1
            return true
        }
        guard hasRoom else { return nil }
        let answer = PendingAnswer()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                let check = BlockOperation {
                    let verdict = answer.isGiven ? nil : hash.matches(password)
                    self.waiting.withLock { $0 -= 1 }
                    answer.give(verdict)
                }
                if isUrgent { check.queuePriority = .high }
                queue.addOperation(check)
            }
        } onCancel: {
            answer.give(nil)
        }
    }
}

/// The answer to one check, given once: by the check, or by whoever no longer waits for it.
private final class PendingAnswer: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Bool?, Never>)
        case given
    }

    private let state = Mutex(State.new)

    func wait(_ continuation: CheckedContinuation<Bool?, Never>) {
        let isGiven = state.withLock { state in
            if case .given = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isGiven { continuation.resume(returning: nil) }
    }

    /// Whether nobody waits for it any longer.
    var isGiven: Bool {
        state.withLock { if case .given = $0 { true } else { false } }
    }

    func give(_ answer: Bool?) {
        let continuation = state.withLock { state -> CheckedContinuation<Bool?, Never>? in
            defer { state = .given }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(returning: answer)
    }
}
