/// Why fixtures cannot be played. An answer that differs from what is expected is not an error: see ``XMLDifference``.
package enum ConformanceError: Error, Equatable, CustomStringConvertible {
    /// A file of the fixtures cannot be read.
    case unreadable(file: String, reason: String)
    /// The manifest is not what it must be.
    case invalidManifest(file: String, reason: String)
    /// A request or an answer uses a variable that has no value.
    case unboundVariable(String)
    /// A capture is not an HTTP request.
    case malformedRequest(reason: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .invalidManifest(let file, let reason): "\(file): \(reason)"
        case .unboundVariable(let name): "The placeholder {{\(name)}} has no value."
        case .malformedRequest(let reason): "The capture is not an HTTP request: \(reason)"
        }
    }
}
