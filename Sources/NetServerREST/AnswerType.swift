import Networking

/// The media type of an answer, as `Accept` asks for it.
struct AnswerType: Sendable, Hashable {
    /// The media type as it is sent.
    let essence: String
    let isXML: Bool

    static let json = AnswerType(essence: "application/json")

    /// All types of answers, in the order in which the service prefers them when `Accept` leaves the choice.
    private static let all = [
        "application/json", "text/json", "application/json-patch+json", "application/merge-patch+json",
        "application/xml", "text/xml",
    ]

    /// The header of an answer of this type.
    var contentType: String { essence + "; charset=utf-8" }

    private init(essence: String) {
        self.essence = essence
        isXML = essence.hasSuffix("/xml")
    }

    /// Chooses the best of the types that `accept` names. The choice is JSON when `accept` names no type of an answer, because
    /// clients misspell types, and NetServer's framework falls back to its first formatter.
    ///
    /// - Parameter accept: The header's values; without a value, any type may be answered.
    init(accept: [String]) {
        self = AcceptHeader(accept).best(of: Self.all).map(AnswerType.init(essence:)) ?? .json
    }
}
