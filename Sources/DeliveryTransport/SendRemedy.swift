/// A part of the configuration that an operator can change when a notification cannot be sent. The configuration of the
/// sender holds the words for each part (``SocketSender/Settings/remedies``).
package enum SendRemedy: Sendable, Hashable, CaseIterable {
    /// The addresses that may be called.
    case addresses
    /// The time for an attempt.
    case timeout
    /// Which certificates are accepted.
    case certificates
    /// The forward proxy.
    case proxy
}

extension [SendRemedy: String] {
    /// The words for a remedy in parentheses, after a space; empty where there are none.
    func note(_ remedy: SendRemedy) -> String {
        self[remedy].map { " (\($0))" } ?? ""
    }
}
