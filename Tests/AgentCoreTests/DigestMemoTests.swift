import Synchronization
import Testing

@testable import AgentCore

@Suite("Digests of secrets that were sent before")
struct DigestMemoTests {
    /// Counts the digests that it computes.
    private final class CountingCryptography: CallerCryptography {
        private let cryptography = TransparentCryptography()
        private let count = Mutex(0)

        var digests: Int { count.withLock { $0 } }

        func digest(of bytes: [UInt8]) -> [UInt8] {
            count.withLock { $0 += 1 }
            return cryptography.digest(of: bytes)
        }

        func randomBytes(_ count: Int) -> [UInt8] { cryptography.randomBytes(count) }

        func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] { [] }

        func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? { nil }
    }

    private let cryptography = CountingCryptography()

    @Test(
        "The digest of a secret that comes again is not computed again",
        arguments: ["", "a", "7T:MAAw==", "é", String(repeating: "x", count: 1024)]
    )
    func again(secret: String) {
        let memo = DigestMemo(cryptography)
        for _ in 0..<3 { #expect(memo.digest(of: secret) == TransparentCryptography().digest(of: Array(secret.utf8))) }
        #expect(cryptography.digests == 1)
    }

    @Test("A secret that is longer than any of ours is not kept")
    func long() {
        let memo = DigestMemo(cryptography)
        let secret = String(repeating: "x", count: 1025)
        for _ in 0..<3 { #expect(memo.digest(of: secret) == TransparentCryptography().digest(of: Array(secret.utf8))) }
        #expect(cryptography.digests == 3)
    }

    @Test("Of many secrets, alike or not, each has its own digest")
    func many() {
        let memo = DigestMemo(cryptography)
        let alike = ["e\u{301}", "\u{E9}", "K", "\u{212A}", "k", "", "\u{0}", "7T:a", "7T:b", "7T:ab", "7t:a", "7T:a "]
        let secrets = alike + (0..<2000).map { "7T:\($0)" }
        for secret in secrets + secrets.reversed() + alike {
            #expect(memo.digest(of: secret) == TransparentCryptography().digest(of: Array(secret.utf8)))
        }
    }
}
