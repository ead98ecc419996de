import AgentCore
import Cryptography
import Synchronization
import Testing

@testable import WebhookServer

/// Passwords are checked one after another, beside everything else.
@Suite("Password checks", .timeLimit(.minutes(1)))
struct PasswordCheckTests {
    private static let hash = PasswordHash.cheap(ofPassword: "right").description

    @Test("A password is right or wrong, and what is no hash is nobody's")
    func verdicts() async {
        let cryptography = OpenSSLCryptography()
        #expect(await cryptography.isPassword("right", ofHash: Self.hash) == true)
        #expect(await cryptography.isPassword("Right", ofHash: Self.hash) == false)
        #expect(await cryptography.isPassword("right", ofHash: "right") == false)
    }

    @Test("Of many at once those that find no room are told so, and there is room again when the others are done")
    func rush() async {
        let cryptography = OpenSSLCryptography()
        let verdicts = await withTaskGroup(of: Bool?.self) { group in
            for _ in 0..<2000 { group.addTask { await cryptography.isPassword("right", ofHash: Self.hash) } }
            return await group.reduce(into: [Bool?]()) { $0.append($1) }
        }
        #expect(verdicts.count == 2000)
        #expect(verdicts.allSatisfy { $0 != false })
        #expect(verdicts.count { $0 == true } >= 128)
        #expect(await cryptography.isPassword("right", ofHash: Self.hash) == true)
    }

    @Test("Who no longer waits is told at once, and takes nobody's room")
    func cancelled() async {
        let cryptography = OpenSSLCryptography()
        for _ in 0..<300 {
            let task = Task { await cryptography.isPassword("right", ofHash: Self.hash) }
            task.cancel()
            let verdict = await task.value
            #expect(verdict != false)
        }
        var verdict: Bool?
        repeat { verdict = await cryptography.isPassword("right", ofHash: Self.hash) } while verdict == nil
        #expect(verdict == true)
    }
}
