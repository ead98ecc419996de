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

    /// Checks that may wait, so that a rush of logins costs bounded memory and time.
    private static let mostWaiting = 32
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

    func isPassword(_ password: String, ofHash hash: String) async -> Bool? {
        guard let hash = PasswordHash(hash) else { return false }
        let hasRoom = waiting.withLock { waiting in
            guard waiting < Self.mostWaiting else { return false }
            waiting += 1
            return true
        }
        guard hasRoom else { return nil }
        return await withCheckedContinuation { continuation in
            queue.addOperation {
                let isRight = hash.matches(password)
                self.waiting.withLock { $0 -= 1 }
                continuation.resume(returning: isRight)
            }
        }
    }
}
