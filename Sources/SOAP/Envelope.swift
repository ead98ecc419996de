package import XML

/// A request's envelope, read: who calls, and the one element that names the operation and holds its arguments.
package struct Envelope: Sendable {
    package let version: SOAPVersion
    package let shape: AnswerShape
    package let header: RequestHeader
    /// The child of Body; its namespace is the service's.
    package let operation: XMLElement
}

/// The two shapes that answers come in (contract, section 4).
package enum AnswerShape: Sendable, Hashable {
    /// As the documentation's samples: prefixed, and `xsi:type` on every value.
    case documented
    /// As the original framework writes: a default namespace, and `xsi:type` only where the schema says `anyType`.
    case framework
}

/// The header blocks that NetServer's services take (contract, section 2); nil when absent or nil.
package struct RequestHeader: Sendable, Hashable {
    package var applicationToken: String?
    package var ticket: String?
    package var timeZone: TimeZoneBlock?
}

/// The `TimeZone` header block, which an answer echoes.
package struct TimeZoneBlock: Sendable, Hashable {
    package var id: Int32
    package var locationCode: String?
}
