import Networking
import SOAP
import XML

/// A request of NetServer's clients, read: who calls, the form that the answer takes, and the operation.
struct SOAPRequest: Sendable {
    /// Who calls.
    let header: RequestHeader
    /// The shape that the answer takes.
    let shape: AnswerShape
    /// The version that the answer takes.
    let version: SOAPVersion
    /// The element that names the operation and holds its arguments.
    let operation: XMLElement
}

/// The header blocks that NetServer's services take (docs/contract.md#section-2); nil when absent or nil.
struct RequestHeader: Sendable, Hashable {
    /// Identifies the calling application on hosted installations.
    var applicationToken: String?
    /// Identifies the session.
    var ticket: String?
    /// What the answer echoes.
    var timeZone: TimeZoneBlock?
}

/// The `TimeZone` header block, which an answer echoes.
struct TimeZoneBlock: Sendable, Hashable {
    /// `SoTimeZoneId`.
    var id: Int32
    /// `SoTimeZoneLocationCode`.
    var locationCode: String?
}

extension EnvelopeReader {
    /// Reads a request in one of the three envelope forms, on one path: the documented form differs from SOAP 1.2 only in
    /// where its blocks stand (docs/contract.md#section-2).
    ///
    /// - Parameters:
    ///   - action: The `SOAPAction` header, as sent.
    ///   - service: The service that the request is sent to.
    ///   - namespace: The service's namespace.
    func request(
        _ bytes: [UInt8],
        mediaType: MediaType,
        action: String?,
        service: ServiceName,
        namespace: String
    ) throws(ReadError) -> SOAPRequest {
        var header = RequestHeader()
        var outside = RequestHeader()
        var hasBlocksOutside = false
        let envelope = try read(
            bytes,
            mediaType: mediaType,
            action: action,
            namespace: namespace
        ) { block, place throws(SOAPFault) in
            switch place {
            case .header: return try header.take(block, namespace: namespace)
            case .envelope:
                guard try outside.take(block, namespace: namespace) else { return false }
                // A lone TimeZone does not make the documented form (docs/contract.md#section-4).
                if !block.isNamed("TimeZone") { hasBlocksOutside = true }
                return true
            }
        }
        header.fill(from: outside)
        return SOAPRequest(
            header: header,
            // The documentation shows its form in SOAP 1.2 alone.
            shape: hasBlocksOutside && envelope.version == .soap12 ? .documented(service) : .framework,
            version: envelope.version,
            operation: envelope.operation
        )
    }
}

extension RequestHeader {
    /// Reads `block` if it is one of ours. Returns whether it is.
    fileprivate mutating func take(_ block: XMLElement, namespace: String) throws(SOAPFault) -> Bool {
        guard block.isIn(namespace) else { return false }
        if block.isNamed("ApplicationToken") {
            applicationToken = applicationToken ?? block.token
        } else if block.isNamed("Credentials") {
            ticket = ticket ?? block.field("Ticket", in: .service(namespace))?.token
        } else if block.isNamed("TimeZone") {
            guard timeZone == nil, !block.isNil else { return true }
            timeZone = TimeZoneBlock(
                id: try block.field("SoTimeZoneId", in: .service(namespace))?.int32() ?? 0,
                locationCode: try block.field("SoTimeZoneLocationCode", in: .service(namespace))?.string()
            )
        } else {
            return false
        }
        return true
    }

    /// Blocks inside a Header win over those outside (docs/contract.md#section-2).
    fileprivate mutating func fill(from outside: RequestHeader) {
        applicationToken = applicationToken ?? outside.applicationToken
        ticket = ticket ?? outside.ticket
        timeZone = timeZone ?? outside.timeZone
    }
}

extension AnswerShape {
    /// The shape of the documentation's samples. The documentation numbers the namespaces of a service; SoPrincipal has
    /// one more before that of arrays.
    static func documented(_ service: ServiceName) -> AnswerShape {
        switch service {
        case .webhook:
            .prefixed(
                service: "Webhook:",
                arrays: "NetServerServices872:",
                serialization: "NetServerServices871:"
            )
        case .soPrincipal:
            .prefixed(
                service: "SoPrincipal:",
                arrays: "NetServerServices873:",
                serialization: "NetServerServices871:"
            )
        }
    }
}
