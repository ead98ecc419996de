package import WebhookModel

/// One attempt, as the log keeps it.
package struct Attempt: Sendable, Hashable {
    /// Where it went, without the credentials that the URL may hold.
    package var url: String
    /// The names of the webhook's own headers that were sent; their values may be secret.
    package var ownHeaders: [String]
    /// When it began.
    package var started: Timestamp
    /// How long it took.
    package var duration: Duration
    /// The value of `X-SuperOffice-Retry`.
    package var retry: Int
    /// nil when there was no answer.
    package var status: Int?
    /// The kind of the failure when there was no answer.
    package var errorClass: String?
    /// The status line of the answer, or why there was none.
    package var summary: String
    /// The value of `X-SuperOffice-Signature`.
    package var signature: String?
    /// The first bytes of the answer's body, at most ``answerBytes``.
    package var answer: [UInt8]

    /// How much of an answer is kept.
    package static let answerBytes = 4096

    /// When it was over.
    package var ended: Timestamp { started.advanced(by: duration) }

    /// Creates the record of an attempt from what came of it.
    package init(
        url: String = "",
        ownHeaders: [String] = [],
        started: Timestamp,
        duration: Duration,
        retry: Int,
        outcome: SendOutcome,
        signature: String? = nil
    ) {
        (self.url, self.ownHeaders, self.started) = (url, ownHeaders, started)
        (self.duration, self.retry, self.signature) = (duration, retry, signature)
        summary = outcome.summary
        switch outcome {
        case .answered(let target):
            status = target.status
            answer = Array(target.body.prefix(Self.answerBytes))
        case .failed(let failure):
            errorClass = failure.kind.rawValue
            answer = []
        }
    }

    /// Creates an attempt as it was stored.
    package init(
        url: String,
        ownHeaders: [String],
        started: Timestamp,
        duration: Duration,
        retry: Int,
        status: Int?,
        errorClass: String?,
        summary: String,
        signature: String?,
        answer: [UInt8]
    ) {
        self.url = url
        self.ownHeaders = ownHeaders
        self.started = started
        self.duration = duration
        self.retry = retry
        self.status = status
        self.errorClass = errorClass
        self.summary = summary
        self.signature = signature
        self.answer = answer
    }
}
