import AgentCore
import HTTPServing
import HTTPTypes
import HummingbirdCore
import RequestOrigins

/// Finds out who calls.
extension RESTService {
    /// Who makes a call, and the cookies with which a browser goes on.
    func authorize(
        _ request: Request,
        _ target: Target,
        _ tenant: String
    ) async throws(RESTError) -> (caller: Caller, headers: HTTPFields) {
        let headers = request.headers
        let token = RESTAuthorization.applicationToken.flatMap { headers[$0] }
        var credentials = Credentials(
            tenant: tenant,
            applicationToken: token,
            address: target.origin.address,
            network: target.origin.network
        )
        let authorization: RESTAuthorization
        do { authorization = try RESTAuthorization(headers) } catch { throw RESTError(error) }
        // A browser adds what it remembers for whatever page asks; of what a page sends itself, it asks for leave first.
        if authorization.isRemembered, token == nil, request.method != .get, crossOrigin.isForeign(headers, target) {
            throw RESTError(
                .forbidden,
                .sentry,
                "Calls from pages of other sites are not taken with credentials that a browser adds; send SoTicket or Bearer."
            )
        }
        do throws(AgentError) {
            switch authorization {
            case .basic(let userName, let password):
                guard allowsBasic else {
                    throw AgentError(
                        .session,
                        "Authorization: Basic is not taken here (setting authorize-with-username); send SoTicket or Bearer."
                    )
                }
                let login = try await principals.caller(userName: userName, password: password, credentials)
                var answer = HTTPFields()
                for cookie in RESTAuthorization.cookies(
                    ticket: login.ticket,
                    path: Self.cookiePath(request, target),
                    isSecure: target.base.lowercased().hasPrefix("https:")
                ) {
                    answer.append(.init(name: .setCookie, value: cookie))
                }
                return (login.caller, answer)
            case .bearer(let token): return (try await principals.caller(accessToken: token, credentials), [:])
            case .ticket(let ticket), .session(let ticket): credentials.ticket = ticket
            case .none:
                let schemes = allowsBasic ? "Basic, SoTicket or Bearer" : "SoTicket or Bearer"
                throw AgentError(
                    .session,
                    "The request does not say who sends it: it needs the header Authorization with \(schemes)."
                )
            }
            return (try await principals.caller(credentials), [:])
        } catch {
            throw RESTError(error)
        }
    }

    /// The path of the installation as the browser has it, which compares case: that of the public URL, then the tenant as
    /// it was asked for. Another installation on the same host does not get the cookies.
    private static func cookiePath(_ request: Request, _ target: Target) -> String {
        let afterScheme = target.base.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        let publicPath = afterScheme.drop { $0 != "/" }
        let tenant = target.prefix.isEmpty ? "" : "/" + (request.uri.path.split(separator: "/").first ?? "")
        let path = publicPath + tenant
        return path.isEmpty ? "/" : String(path)
    }
}
