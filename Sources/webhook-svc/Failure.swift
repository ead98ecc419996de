import ArgumentParser
import Foundation

/// Prints `problem` in one line to standard error; what to throw then.
func failure(_ problem: String, code: Int32) -> ExitCode {
    warn(problem)
    return ExitCode(code)
}

/// Prints `problem` in one line to standard error, and goes on.
func warn(_ problem: String) {
    FileHandle.standardError.write(Data("webhook-svc: \(problem)\n".utf8))
}

/// What a flag for a secret gives: the text itself, or with `file:PATH` the file's, white space around it left out.
///
/// Throws a `ValidationError` for a file that cannot be read.
func secret(_ value: String, of flag: String) throws -> String {
    guard value.hasPrefix("file:") else { return value }
    let path = String(value.dropFirst("file:".count))
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw ValidationError("\(flag): the file '\(path)' cannot be read.")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
}
