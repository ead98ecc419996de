import AgentCore
import HTTPRouting
import HTTPServing
import HTTPTypes
import HummingbirdCore
import Networking
import RequestOrigins
import Text

/// What browsers are told, and asked, about calls from pages of other origins (Fetch standard, "CORS protocol").
struct CrossOrigin: Sendable {
    let origins: AllowedOrigins

    /// Whether a browser asks if it may send a page's call.
    static func isPreflight(_ request: Request) -> Bool {
        request.method == .options && request.headers[.accessControlRequestMethod] != nil
            && request.headers[.origin] != nil
    }

    /// Returns the answer to a preflight. The answer is the same for every path, so that a page can read why a call fails.
    func preflight(_ request: Request) throws(RESTError) -> Response {
        let origin = request.headers[.origin] ?? ""
        guard origins.permission(of: origin) != .none else {
            throw RESTError(
                .forbidden,
                .sentry,
                "Pages of the origin \(Excerpt.quoted(origin)) may not call this service (setting cors-origins)."
            )
        }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: RESTRoutes.table.routes.allow(),
                .accessControlAllowHeaders: Self.requestHeaders,
                .accessControlMaxAge: "600",
            ]
        )
    }

    /// Adds the headers to an answer that let a page of `origin` read the answer.
    func mark(_ headers: inout HTTPFields, for origin: String?) {
        guard !origins.isEmpty else { return }
        headers.append(.init(name: .vary, value: "Origin"))
        guard let origin else { return }
        switch origins.permission(of: origin) {
        case .none: break
        case .ownCredentials: headers[.accessControlAllowOrigin] = origin
        case .anyCredentials:
            headers[.accessControlAllowOrigin] = origin
            headers[.accessControlAllowCredentials] = "true"
        }
    }

    /// Whether a browser says that a call comes from a page that is neither this service's own nor trusted like one. Browsers
    /// send Origin alone to plain HTTP. Schemes are not compared: a proxy may have taken TLS off.
    func isForeign(_ headers: HTTPFields, _ target: RESTService.Target) -> Bool {
        guard let origin = headers[.origin]?.lowercased() else { return isOtherSite(headers) }
        if origins.permission(of: origin) == .anyCredentials { return false }
        let sender = Self.authority(origin)
        let isOwn =
            sender == Self.authority(target.base)
            || sender == Self.authority("//" + (target.origin.host ?? "").lowercased())
        return !isOwn || isOtherSite(headers)
    }

    private func isOtherSite(_ headers: HTTPFields) -> Bool {
        guard let site = headers[Self.fetchSite] else { return false }
        return site != "same-origin" && site != "none"
    }

    /// Host and port of a URL, the port only where it is no scheme's own.
    private static func authority(_ url: String) -> Substring {
        let rest = url.lowercased().split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        let authority = rest.prefix { $0 != "/" }
        for port in [":80", ":443"] where authority.hasSuffix(port) { return authority.dropLast(port.count) }
        return authority
    }

    /// The request headers that NetServer's reference of the REST API names.
    private static let requestHeaders = """
        Accept, Accept-Language, Authorization, Content-Type, If-Modified-Since, If-Unmodified-Since, SO-AppToken, \
        SO-Culture, SO-Language, SO-TimeZone, X-XSRF-TOKEN
        """

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site").unsafelyUnwrapped
}
