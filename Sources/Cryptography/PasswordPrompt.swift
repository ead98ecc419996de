import COpenSSL

/// Asks for a password in a terminal, without showing it; the terminal is as it was afterwards, also when a signal ends the
/// question.
package enum PasswordPrompt {
    /// In bytes; longer ones are nobody's.
    private static let longest = 1024

    /// What was typed, without its line break. nil when it is not UTF-8, or when nothing could be read.
    package static func read(_ prompt: String) -> String? {
        var buffer = [CChar](repeating: 0, count: longest + 1)
        defer { OPENSSL_cleanse(&buffer, buffer.count) }
        guard EVP_read_pw_string(&buffer, Int32(longest), prompt, 0) == 0 else { return nil }
        return String(validating: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
