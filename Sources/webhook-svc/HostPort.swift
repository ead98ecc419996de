import Foundation

/// An address to listen on, as a flag gives it: `127.0.0.1:9000`, `[::1]:9000`, `localhost:0`.
struct HostPort {
    /// Name or address, without brackets.
    let host: String
    /// 0 for any that is free.
    let port: Int

    /// nil for what is not `HOST:PORT`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port)
        else { return nil }
        host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = port
    }
}
