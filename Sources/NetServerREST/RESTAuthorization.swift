import AgentCore
import Cryptography
import Foundation
import HTTPTypes
import Text
import XML

/// How a REST call says who sends it.
enum RESTAuthorization {
    case basic(userName: String, password: String)
    case ticket(String)
    /// The ticket of the session cookie.
    case session(String)
    case bearer(String)
    case none

    static let applicationToken = HTTPField.Name("SO-AppToken")
    private static let antiForgery = HTTPField.Name("X-XSRF-TOKEN")
    private static let sessionCookie = "SoSession"
    private static let antiForgeryCookie = "XSRF-TOKEN"

    /// Whether a browser adds the credentials by itself to the calls of any page.
    var isRemembered: Bool {
        switch self {
        case .basic, .session: true
        case .ticket, .bearer, .none: false
        }
    }

    /// The ways in which a caller may say who it is, as `WWW-Authenticate` names them.
    static func challenges(allowsBasic: Bool) -> [String] {
        (allowsBasic ? ["Basic realm=\"webhook-svc\", charset=\"UTF-8\""] : []) + ["SoTicket", "Bearer"]
    }

    /// Reads the headers. Throws an error of kind session for credentials that cannot be read, and for a cookie without its
    /// token.
    init(_ headers: HTTPFields) throws(AgentError) {
        if let value = headers[.authorization] {
            self = try Self.authorization(value)
        } else if let ticket = Self.cookies(headers)[Self.sessionCookie] {
            // A page of another origin can have the cookie sent, but cannot read what has to be sent beside it.
            guard let name = Self.antiForgery, let sent = headers[name],
                ConstantTime.areEqual(Array(sent.utf8), Array(Self.antiForgeryToken(ticket).utf8))
            else {
                throw AgentError(
                    .session,
                    "A call with the session cookie needs the header X-XSRF-TOKEN with the value of the cookie XSRF-TOKEN."
                )
            }
            self = .session(ticket)
        } else {
            self = .none
        }
    }

    private static func authorization(_ value: String) throws(AgentError) -> RESTAuthorization {
        let parts = value.split(separator: " ", maxSplits: 1)
        let credentials = parts.count > 1 ? parts[1].trimmingPrefix { $0 == " " } : ""
        switch parts.first?.lowercased() {
        case "basic":
            guard let data = Data(base64Encoded: String(credentials)),
                // Foundation's own would drop a U+FEFF at the beginning.
                let text = String(validating: data, as: UTF8.self) ?? String(data: data, encoding: .isoLatin1),
                let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), StreamSafeText.isSafe(text)
            else { throw AgentError(.session, "The Basic credentials are not base64 of user:password.") }
            return .basic(
                userName: String(text[..<colon]),
                password: String(text.utf8[text.utf8.index(after: colon)...]) ?? ""
            )
        case "soticket": return .ticket(String(credentials))
        case "bearer":
            return credentials.hasPrefix(Ticket.prefix) ? .ticket(String(credentials)) : .bearer(String(credentials))
        default:
            throw AgentError(.session, "The scheme of the Authorization header must be Basic, SoTicket or Bearer.")
        }
    }

    /// Returns the cookies with which a browser goes on after it has logged in.
    ///
    /// - Parameters:
    ///   - path: The path beneath which the browser sends the cookies.
    ///   - isSecure: Whether the browser sends the cookies over https alone.
    static func cookies(ticket: String, path: String, isSecure: Bool) -> [String] {
        let attributes = "; Path=\(path); SameSite=Lax" + (isSecure ? "; Secure" : "")
        return [
            "\(sessionCookie)=\(ticket)\(attributes); HttpOnly",
            "\(antiForgeryCookie)=\(antiForgeryToken(ticket))\(attributes)",
        ]
    }

    /// Returns the token of a ticket. Every process makes the same token of a ticket, and nobody can work the ticket out from its
    /// token.
    private static func antiForgeryToken(_ ticket: String) -> String {
        SHA256Digest.hex(of: Array("xsrf:\(ticket)".utf8))
    }

    private static func cookies(_ headers: HTTPFields) -> [String: String] {
        let pairs = headers[values: .cookie].flatMap { $0.split(separator: ";") }.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0].trimmingPrefix(" ")), parts.count > 1 ? String(parts[1]) : "")
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
