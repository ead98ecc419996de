import Cryptography
import Synchronization
import TestSupport
import Testing

/// Passwords are checked one after another, beside everything else.
@Suite("Password checks", .timeLimit(.minutes(10)))
struct PasswordHashingPoolTests {
    private static let hash = PasswordHash.cheap(ofPassword: "right").description

    @Test("A password is right or wrong, and what is no hash is nobody's")
    func verdicts() async {
        let pool = PasswordHashingPool()
        #expect(await pool.isPassword("right", ofHash: Self.hash, isUrgent: false) == true)
        #expect(await pool.isPassword("Right", ofHash: Self.hash, isUrgent: false) == false)
        #expect(await pool.isPassword("right", ofHash: "right", isUrgent: false) == false)
    }

    @Test("Checks that find no room are not made, and there is room again when the others are done")
    func rush() async {
        let pool = PasswordHashingPool()
        let verdicts = await withTaskGroup(of: Bool?.self) { group in
            for _ in 0..<2000 {
                group.addTask { await pool.isPassword("right", ofHash: Self.hash, isUrgent: false) }
            }
            return await group.reduce(into: [Bool?]()) { $0.append($1) }
        }
        #expect(verdicts.count == 2000)
        #expect(verdicts.allSatisfy { $0 != false })
        #expect(verdicts.count { $0 == true } >= 128)
        #expect(await pool.isPassword("right", ofHash: Self.hash, isUrgent: false) == true)
    }

    @Test("An urgent check has room when others have none, and goes before them")
    func urgent() async {
        let pool = PasswordHashingPool()
        let dear = PasswordHash(ofPassword: "right").description
        let (made, refused) = (Count(), Count())
        await withTaskGroup(of: Void.self) { group in
            // A check takes far longer than it takes to ask for one, so the pool is full soon.
            while refused.value.withLock({ $0 }) == 0 {
                for _ in 0..<64 {
                    group.addTask {
                        let verdict = await pool.isPassword("right", ofHash: dear, isUrgent: false)
                        (verdict == nil ? refused : made).value.withLock { $0 += 1 }
                    }
                }
                await Task.yield()
            }
            let before = made.value.withLock { $0 }
            let verdict = await pool.isPassword("right", ofHash: Self.hash, isUrgent: true)
            #expect(verdict == true)
            // More than a hundred were waiting, and some of them are checked before a busy machine goes on here.
            #expect(made.value.withLock { $0 } < before + 100)
            group.cancelAll()
        }
    }

    private final class Count: Sendable {
        let value = Mutex(0)
    }

    @Test("A cancelled check returns at once, and takes no other's room")
    func cancelled() async throws {
        let pool = PasswordHashingPool()
        for _ in 0..<300 {
            let task = Task { await pool.isPassword("right", ofHash: Self.hash, isUrgent: false) }
            task.cancel()
            let verdict = await task.value
            #expect(verdict != false)
        }
        var verdict: Bool?
        try await eventually("A check finds room") {
            verdict = await pool.isPassword("right", ofHash: Self.hash, isUrgent: false)
            return verdict != nil
        }
        #expect(verdict == true)
    }
}
