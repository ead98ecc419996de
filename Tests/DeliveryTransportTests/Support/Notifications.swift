import Foundation
import WebhookModel

extension WebhookNotification {
    /// One with something in every field that a request shows.
    static func sample(to url: String) -> WebhookNotification {
        WebhookNotification(
            url: url,
            headers: StringDictionary([.init(key: "X-Own", value: "own value"), .init(key: "Host", value: "forged")]),
            secret: nil,
            event: "contact.created",
            eventID: UUID(uuid: (0xAB, 0xCD, 0xEF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)),
            retry: 2,
            isTest: false,
            body: Array("{\"WebhookName\":\"Gr\u{F6}\u{DF}e\r\n\"}".utf8) + [0, 255]
        )
    }
}

extension SendOutcome {
    /// What kind of failure a send ended with; nil when there was an answer.
    var failureKind: SendError.Kind? {
        guard case .failed(let failure) = self else { return nil }
        return failure.kind
    }

    /// The answer; nil when there was none.
    var answer: TargetAnswer? {
        guard case .answered(let answer) = self else { return nil }
        return answer
    }
}
