/// A condition that a test waited for and that did not come true in time.
package struct NotInTime: Error, CustomStringConvertible {
    /// What the test waited for.
    package let condition: String
    /// How long the test waited.
    package let limit: Duration

    package var description: String { "Not within \(limit): \(condition)" }
}

/// Waits until `isMet` returns true, and asks it again after each pause.
///
/// - Parameters:
///   - condition: What the test waits for, as a sentence for the log.
///   - limit: The time after which the test fails. It bounds a test that hangs; it is no measure of speed.
///   - pause: The time between two questions.
/// - Throws: ``NotInTime`` after `limit`, what `isMet` throws, and `CancellationError`.
package func eventually(
    _ condition: String,
    within limit: Duration = .seconds(120),
    every pause: Duration = .milliseconds(5),
    isolation: isolated (any Actor)? = #isolation,
    isMet: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while try await !isMet() {
        guard ContinuousClock.now < end else { throw NotInTime(condition: condition, limit: limit) }
        try await Task.sleep(for: pause)
    }
}
