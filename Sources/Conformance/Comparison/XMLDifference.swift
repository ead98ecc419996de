/// One point in which an answer is not what its fixture expects.
package struct XMLDifference: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Where: `/Envelope/Body/SaveWebhookResponse/Response/Events/string[2]`, with `/@name` for an attribute.
    package let path: String
    /// What the fixture expects there, with its variables filled in.
    package let expected: String
    /// What the answer has there.
    package let actual: String

    /// Creates an XML difference.
    package init(path: String, expected: String, actual: String) {
        (self.path, self.expected, self.actual) = (path, expected, actual)
    }

    /// There was no answer at all.
    static func unanswered(_ reason: String) -> XMLDifference {
        XMLDifference(path: unansweredPath, expected: "an answer", actual: reason)
    }

    static let unansweredPath = "HTTP"

    package var description: String { "\(path): expected \(expected), found \(actual)" }
}
