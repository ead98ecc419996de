import COpenSSL
import Foundation

/// A password's scrypt hash (RFC 7914) with what it takes to check a password against it, as text:
/// `scrypt$ln=15,r=8,p=3$SALT$HASH`, salt and hash in base64.
package struct PasswordHash: Sendable, Hashable, CustomStringConvertible {
    /// What one check costs.
    private struct Cost: Hashable {
        /// log₂ of the number of blocks.
        var blocks: Int
        var blockSize: Int
        var parallelism: Int

        /// Bytes of memory that a check takes.
        var memory: Int { 128 * blockSize * ((1 << blocks) + parallelism) }
    }

    private let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// 32 MiB three times over: what OWASP asks for at this much memory; a quarter of a second of one core.
    private static let defaultCost = Cost(blocks: 15, blockSize: 8, parallelism: 3)
    /// A check may take no more memory than this, in bytes, and `parallelism` no more rounds.
    private static let maximumMemory = 256 << 20
    private static let maximumRounds = 16
    private static let saltBytes = 16
    private static let hashBytes = 32

    /// Hashes a password with a new salt; about a quarter of a second.
    package init(ofPassword password: String) {
        self.init(password, cost: Self.defaultCost, salt: SecureRandom.bytes(Self.saltBytes))
    }

    /// Hashes with 16 KiB: for tests and throw-away installations, not for passwords that matter.
    package static func cheap(ofPassword password: String) -> PasswordHash {
        PasswordHash(
            password,
            cost: Cost(blocks: 4, blockSize: 8, parallelism: 1),
            salt: SecureRandom.bytes(saltBytes)
        )
    }

    /// Reads a hash's text; nil when it is none, or asks for more memory or rounds than a check may take.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "scrypt", let cost = Self.cost(parts[1]),
            let salt = Data(base64Encoded: String(parts[2])), (8...64).contains(salt.count),
            let hash = Data(base64Encoded: String(parts[3])), hash.count == Self.hashBytes
        else { return nil }
        self.cost = cost
        self.salt = Array(salt)
        self.hash = Array(hash)
    }

    private init(_ password: String, cost: Cost, salt: [UInt8]) {
        self.cost = cost
        self.salt = salt
        guard let hash = Self.derive(password, cost: cost, salt: salt) else {
            preconditionFailure("OpenSSL could not compute scrypt")
        }
        self.hash = hash
    }

    /// Whether `password` is the one; nil when there is no memory to tell. Blocks for as long as hashing takes. One that holds a NUL never is: HMAC, on which
    /// scrypt rests, takes keys that differ in NULs at their end for one.
    package func matches(_ password: String) -> Bool? {
        guard let derived = Self.derive(password, cost: cost, salt: salt) else { return nil }
        return ConstantTime.areEqual(derived, hash) && !password.utf8.contains(0)
    }

    /// The text that ``init(_:)`` reads.
    package var description: String {
        "scrypt$ln=\(cost.blocks),r=\(cost.blockSize),p=\(cost.parallelism)$"
            + Data(salt).base64EncodedString() + "$" + Data(hash).base64EncodedString()
    }

    private static func derive(_ password: String, cost: Cost, salt: [UInt8]) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: hashBytes)
        var password = password.utf8CString
        let count = password.count - 1
        let done = password.withUnsafeBufferPointer { password in
            EVP_PBE_scrypt(
                password.baseAddress,
                count,
                salt,
                salt.count,
                1 << UInt64(cost.blocks),
                UInt64(cost.blockSize),
                UInt64(cost.parallelism),
                // What it takes, with room for OpenSSL's own reckoning.
                UInt64(cost.memory + (1 << 20)),
                &key,
                key.count
            )
        }
        password.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        return done == 1 ? key : nil
    }

    private static func cost(_ text: Substring) -> Cost? {
        let values = text.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, let blocks = number(values[0], "ln="), let size = number(values[1], "r="),
            let parallelism = number(values[2], "p="), (1...24).contains(blocks), (1...64).contains(size),
            (1...maximumRounds).contains(parallelism),
            // RFC 7914, section 2: N is less than 2^(128 · r / 8).
            blocks < 16 * size
        else { return nil }
        let cost = Cost(blocks: blocks, blockSize: size, parallelism: parallelism)
        return cost.memory <= maximumMemory ? cost : nil
    }

    private static func number(_ text: Substring, _ name: String) -> Int? {
        text.hasPrefix(name) ? Int(text.dropFirst(name.count)) : nil
    }
}
