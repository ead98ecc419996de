import Foundation
import Synchronization

/// Threads that check passwords, fewer than there are cores, so that logins leave one to everything else.
package final class PasswordHashingPool: Sendable {
    private let queue: OperationQueue
    private let waiting = Mutex(0)

    /// Checks that may wait: as many as are made within half a minute, after which clients begin to give up.
    private static let maximumWaiting = 128
    /// Further slots for urgent checks: a caller who guesses at many names must not keep known users out.
    private static let maximumUrgentWaiting = 128
    private static let maximumThreads = 4

    /// Creates a pool, whose threads start with its first checks.
    package init() {
        queue = OperationQueue()
        queue.name = "passwords"
        queue.maxConcurrentOperationCount = min(
            Self.maximumThreads,
            max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        )
    }

    /// Whether `password` is the one that was hashed; nil when that could not be found out, because too many checks wait
    /// already, memory is short, or the calling task was cancelled. It takes long on purpose, and does not block the
    /// calling thread.
    ///
    /// - Parameters:
    ///   - hash: The text of a ``PasswordHash``; no password matches any other text.
    ///   - isUrgent: Whether the check goes before others, and has room where others have none.
    package func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? {
        guard let hash = PasswordHash(hash) else { return false }
        let hasRoom = waiting.withLock { waiting in
            guard waiting < Self.maximumWaiting + (isUrgent ? Self.maximumUrgentWaiting : 0) else { return false }
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
