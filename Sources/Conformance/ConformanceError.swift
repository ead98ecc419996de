/// Why fixtures cannot be played. An answer that differs from what is expected is not an error: see ``XMLDifference``.
package enum ConformanceError: Error, Equatable, CustomStringConvertible {
    /// A file of the fixtures cannot be read.
    case unreadable(file: String, reason: String)
    /// A file of a recording cannot be written.
    case unwritable(file: String, reason: String)
    /// The manifest is not what it must be.
    case invalidManifest(file: String, reason: String)
    /// A request or an answer uses a variable that has no value.
    case unboundVariable(String)
    /// A capture is not an HTTP request.
    case malformedRequest(reason: String)
    /// The target is no URL of an installation.
    case invalidTarget(String)
    /// Nothing answers there.
    case unreachable(target: String, reason: String)
    /// A request was not answered, or not with what could be understood.
    case noAnswer(reason: String)
    /// There is no ticket to play with.
    case loginFailed(reason: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
        case .invalidManifest(let file, let reason): "\(file): \(reason)"
        case .unboundVariable(let name): "The placeholder {{\(name)}} has no value."
        case .malformedRequest(let reason): "The capture is not an HTTP request: \(reason)"
        case .invalidTarget(let text):
            "'\(text)' is no absolute http or https URL without credentials, such as https://crm.example.com."
        case .unreachable(let target, let reason): "\(target) cannot be reached: \(reason)"
        case .noAnswer(let reason): reason
        case .loginFailed(let reason): "The login failed: \(reason)"
        }
    }
}
