import AgentCore
import Cryptography

/// OpenSSL, as ``PrincipalAgent`` needs it.
struct OpenSSLCryptography: CallerCryptography {
    private let passwords = PasswordHashingPool()

    func randomBytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }

    func digest(of bytes: [UInt8]) -> [UInt8] { SHA256Digest.of(bytes) }

    func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] { HMACSHA256(key: key).tag(of: message) }

    func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? {
        await passwords.isPassword(password, ofHash: hash, isUrgent: isUrgent)
    }
}
