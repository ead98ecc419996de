package import Foundation

/// A secret in a setting: as it is, or the file that holds it as `file:PATH`.
package enum SecretReference {
    /// Why a secret cannot be had.
    package struct ReferenceError: Error {
        /// In one line, without the secret.
        package let problem: String
    }

    /// Begins what refers to a file.
    package static let prefix = "file:"

    /// The secret that `text` means, without the white space around it, which headers do not carry. Throws ``ReferenceError`` for a
    /// file that cannot be read, is empty, has several lines or refers to another.
    ///
    /// - Parameter directory: What relative paths are relative to; nil for the working directory.
    package static func resolve(_ text: String, relativeTo directory: URL? = nil) throws(ReferenceError) -> String {
        guard text.hasPrefix(prefix) else { return text.trimmingCharacters(in: .whitespacesAndNewlines) }
        let path = String(text.dropFirst(prefix.count))
        let file = URL(filePath: path, relativeTo: directory)
        guard let content = try? String(contentsOf: file, encoding: .utf8) else {
            throw ReferenceError(problem: "the file '\(path)' cannot be read")
        }
        let secret = content.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { throw ReferenceError(problem: "the file '\(path)' is empty") }
        guard !secret.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ReferenceError(problem: "the file '\(path)' holds more than one line")
        }
        guard !secret.hasPrefix(prefix) else { throw ReferenceError(problem: "the file '\(path)' refers to another") }
        return secret
    }
}
