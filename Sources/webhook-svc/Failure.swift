import ArgumentParser
import Foundation
import ServerConfiguration

/// Prints `problem` in one line to standard error; what to throw then.
func failure(_ problem: String, code: Int32) -> ExitCode {
    warn(problem)
    return ExitCode(code)
}

/// Prints `problem` in one line to standard error, and goes on.
func warn(_ problem: String) {
    FileHandle.standardError.write(Data("webhook-svc: \(problem)\n".utf8))
}

/// What a flag for a secret gives: its text, or the file's that it refers to (see ``SecretReference``). Throws a
/// `ValidationError` that names the flag.
func secret(_ value: String, of flag: String) throws -> String {
    guard value.hasPrefix(SecretReference.prefix) else { return value }
    do { return try SecretReference.resolve(value) } catch { throw ValidationError("\(flag): \(error.problem).") }
}

extension ArgumentHelp {
    /// The help of an option whose value is called `valueName`.
    static func value(_ valueName: String, _ abstract: String) -> ArgumentHelp {
        ArgumentHelp(abstract, valueName: valueName)
    }
}
