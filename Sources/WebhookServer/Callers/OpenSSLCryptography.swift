import AgentCore
import Cryptography
import Dispatch
import Foundation
import Synchronization

/// OpenSSL, as ``PrincipalAgent`` needs it.
///
/// Passwords are checked on threads of their own, one fewer than there are cores, so that logins leave one to everything
/// else.
final class OpenSSLCryptography: CallerCryptography {
    private let lanes: [DispatchQueue]
    private let state = Mutex((waiting: 0, next: 0))

    /// Checks that may wait, so that a rush of logins costs bounded memory and time.
    private static let mostWaiting = 64

    init() {
        let count = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        lanes = (0..<count).map { DispatchQueue(label: "passwords-\($0)") }
    }

    func randomBytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }

    func digest(of bytes: [UInt8]) -> [UInt8] { SHA256Digest.of(bytes) }

    func isPassword(_ password: String, ofHash hash: String) async -> Bool? {
        guard let hash = PasswordHash(hash) else { return false }
        let lane: DispatchQueue? = state.withLock { state in
            guard state.waiting < Self.mostWaiting else { return nil }
            state.waiting += 1
            state.next = (state.next + 1) % lanes.count
            return lanes[state.next]
        }
        guard let lane else { return nil }
        return await withCheckedContinuation { continuation in
            lane.async {
                let isRight = hash.matches(password)
                self.state.withLock { $0.waiting -= 1 }
                continuation.resume(returning: isRight)
            }
        }
    }
}
