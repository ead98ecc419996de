import Logging
import Text

/// What came of an attempt to log in, for those who count.
package enum LoginOutcome: String, Sendable, CaseIterable {
    /// The credentials were right.
    case succeeded
    /// They were wrong.
    case failed
    /// They were not looked at: too many came at once, or failed before.
    case refused
}

/// Attempts to log in with a name and a password, or with an access token: each is made when its turn has come, counted,
/// and told to the log where it fails.
struct LoginAttempts: Sendable {
    let cryptography: any CallerCryptography
    let verified: VerifiedPasswords
    let throttle: LoginThrottle
    let now: @Sendable () -> Timestamp
    /// Waits; throws when the task is cancelled.
    let sleep: @Sendable (Duration) async throws -> Void
    let logger: Logger
    let onLogin: @Sendable (LoginOutcome) -> Void

    /// Who would have to wait longer for a turn is refused.
    private static let longestTurn = Duration.seconds(30)

    /// The user whose name and password these are. Unknown names cost as much time as wrong passwords do.
    func user(
        named userName: String,
        password: String,
        _ tenant: CallerIndex.Tenant,
        _ credentials: Credentials
    ) async throws(AgentError) -> User? {
        guard password.utf8.count <= PrincipalAgent.longestPassword else {
            return try await attempt("password", userName: userName, tenant, credentials) { _ in .wrong }
        }
        let user = tenant.user(named: userName)
        return try await attempt("password", userName: userName, tenant, credentials) { isKnown in
            if let user, verified.contains(password, of: user, tenant: tenant.id, now: now()) { return .right(user) }
            guard let hash = user?.passwordHash ?? tenant.decoyHash(for: userName) else { return .wrong }
            guard let isRight = await cryptography.isPassword(password, ofHash: hash, isUrgent: isKnown) else {
                return .unknown
            }
            guard let user, isRight else { return .wrong }
            verified.insert(password, of: user, tenant: tenant.id, now: now())
            return .right(user)
        }
    }

    /// The user whose access token this is.
    func user(
        accessToken token: String,
        _ tenant: CallerIndex.Tenant,
        _ credentials: Credentials
    ) async throws(AgentError) -> User? {
        let digest = cryptography.digest(of: Array(token.utf8))
        return try await attempt("access token", digest: digest, tenant, credentials) { _ in
            tenant.user(ofAccessToken: digest).map(Verdict.right) ?? .wrong
        }
    }

    /// What a look at credentials shows.
    private enum Verdict {
        case right(User), wrong
        /// They could not be looked at.
        case unknown
    }

    /// An attempt to log in, made when its turn has come.
    ///
    /// - Parameter digest: Stands for who wants in where that is no user in particular.
    private func attempt(
        _ kind: String,
        userName: String? = nil,
        digest: [UInt8] = [],
        _ tenant: CallerIndex.Tenant,
        _ credentials: Credentials,
        _ check: (_ isKnown: Bool) async -> Verdict
    ) async throws(AgentError) -> User? {
        var turn = throttle.turn(
            "\(tenant.id)\n\(userName?.caseless ?? Hexadecimal.text(digest))",
            isGuessable: userName != nil,
            address: credentials.network
        )
        try await wait(for: &turn)
        switch await check(turn.isKnown) {
        case .right(let user):
            throttle.leave(turn, succeeded: true, now: now())
            note(.succeeded, kind, userName: userName, tenant, credentials)
            return user
        case .wrong:
            throttle.leave(turn, succeeded: false, now: now())
            note(.failed, kind, userName: userName, tenant, credentials)
            return nil
        case .unknown:
            throttle.leave(turn, succeeded: nil, now: now())
            onLogin(.refused)
            throw Self.tooManyLogins(.seconds(1))
        }
    }

    /// Counts what came of an attempt; a failure is told to the log, without what was tried.
    func note(
        _ outcome: LoginOutcome,
        _ kind: String,
        userName: String?,
        _ tenant: CallerIndex.Tenant,
        _ credentials: Credentials
    ) {
        onLogin(outcome)
        guard outcome == .failed else { return }
        logger.warning(
            "login failed",
            metadata: [
                // In quotes: it may look like another member.
                "with": "\(kind)", "user": "\(Excerpt.of(userName ?? ""))", "tenant": "\(tenant.id)",
                "address": "\(Excerpt.of(credentials.address))",
            ]
        )
    }

    private func wait(for turn: inout LoginThrottle.Turn) async throws(AgentError) {
        var waited = Duration.zero
        while true {
            switch throttle.enter(&turn, now: now()) {
            case .now: return
            case .wait(let time):
                waited += time
                if waited <= Self.longestTurn, (try? await sleep(time)) != nil { continue }
                throttle.giveUp(turn)
                onLogin(.refused)
                throw Self.tooManyLogins(time)
            case .refused(let time):
                onLogin(.refused)
                throw Self.tooManyLogins(time)
            }
        }
    }

    private static func tooManyLogins(_ time: Duration) -> AgentError {
        let seconds = max(1, Int((time / .seconds(1)).rounded(.up)))
        var error = AgentError(
            .session,
            "Too many logins at once, or after failed ones. Try again in \(seconds == 1 ? "a second" : "\(seconds) seconds").",
            friendlyText: "Too many logins were tried. Wait for a moment, then try again."
        )
        error.retryAfter = seconds
        return error
    }
}
