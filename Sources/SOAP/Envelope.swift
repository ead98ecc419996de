package import XML

/// A request's envelope, read: who calls, and the one element that names the operation and holds its arguments.
package struct Envelope: Sendable {
    /// The version that the answer takes.
    package let version: SOAPVersion
    /// The shape that the answer takes.
    package let shape: AnswerShape
    /// Who calls.
    package let header: RequestHeader
    /// The child of Body; its namespace is the service's.
    package let operation: XMLElement
}

/// The two shapes that answers come in (docs/contract.md#section-4).
package enum AnswerShape: Sendable, Hashable {
    /// The shape of the documentation's samples: prefixed, and `xsi:type` on every value.
    case documented
    /// As the original framework writes: a default namespace, and `xsi:type` only where the schema says `anyType`.
    case framework
}

/// The header blocks that NetServer's services take (docs/contract.md#section-2); nil when absent or nil.
package struct RequestHeader: Sendable, Hashable {
    /// Identifies the calling application on hosted installations.
    package var applicationToken: String?
    /// Identifies the session.
    package var ticket: String?
    /// What the answer echoes.
    package var timeZone: TimeZoneBlock?
}

/// The `TimeZone` header block, which an answer echoes.
package struct TimeZoneBlock: Sendable, Hashable {
    /// `SoTimeZoneId`.
    package var id: Int32
    /// `SoTimeZoneLocationCode`.
    package var locationCode: String?
}
