/// What ``PrincipalAgent`` needs of a cryptographic library.
package protocol CallerCryptography: Sendable {
    /// `count` bytes that nobody can guess.
    func randomBytes(_ count: Int) -> [UInt8]

    /// The 32 bytes of a digest that cannot be turned back (SHA-256). Secrets are kept and looked up as digests, so that
    /// neither the store nor the time that a look-up takes gives them away.
    func digest(of bytes: [UInt8]) -> [UInt8]

    /// The 32 bytes of a message authentication code (HMAC-SHA256), which nobody can make without the key.
    func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8]

    /// Whether the password is the one that was hashed; nil when that could not be found out: too many checks wait
    /// already, memory is short, or the calling task was cancelled. It takes long on purpose,
    /// and does not block the calling thread.
    ///
    /// - Parameter isUrgent: Whether it goes before others, and has room where others have none.
    func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool?
}
