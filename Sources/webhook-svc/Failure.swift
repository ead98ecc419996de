import ArgumentParser
import Foundation

/// Prints `problem` in one line to standard error; what to throw then.
func failure(_ problem: String, code: Int32) -> ExitCode {
    FileHandle.standardError.write(Data("webhook-svc: \(problem)\n".utf8))
    return ExitCode(code)
}
