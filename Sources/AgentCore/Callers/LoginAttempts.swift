import Logging
import StoreContracts
import Text
import WebhookModel

/// What came of an attempt to log in, as counters name it.
package enum LoginOutcome: String, Sendable, CaseIterable {
    /// The credentials were right.
    case succeeded
    /// The credentials were wrong.
    case failed
    /// The credentials were not looked at: too many attempts came at once, or had failed before.
    case refused
}

/// Makes attempts to log in with a name and a password, or with an access token. Each attempt is made when its turn has come,
/// and counted. The log is told of attempts that fail.
struct LoginAttempts: Sendable {
    /// A user whose password was right.
    struct PasswordLogin {
        let user: User
        /// The ticket of a session with which calls with this password may go on, unless the session has ended.
        let reusableTicket: String?
        fileprivate let key: VerifiedPasswords.Key
    }

    private let cryptography: any CallerCryptography
    private let verified: VerifiedPasswords
    private let throttle: LoginThrottle
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Duration) async throws -> Void
    private let logger: Logger
    private let onLogin: @Sendable (LoginOutcome) -> Void

    /// How long an attempt may wait before it is refused.
    private static let maximumWait = Duration.seconds(30)

    /// Creates a maker of attempts.
    ///
    /// - Parameters:
    ///   - rememberedFor: How long a password that was right need not be checked again.
    ///   - sleep: Waits; throws when the task is cancelled.
    init(
        cryptography: any CallerCryptography,
        rememberedFor: Duration,
        throttle: LoginThrottle,
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        logger: Logger,
        onLogin: @escaping @Sendable (LoginOutcome) -> Void
    ) {
        self.cryptography = cryptography
        verified = VerifiedPasswords(cryptography: cryptography, lifetime: rememberedFor)
        (self.throttle, self.now, self.sleep, self.logger, self.onLogin) = (throttle, now, sleep, logger, onLogin)
    }

    /// Returns the user who has this name and password; nil when they are wrong. Unknown names take as long as wrong
    /// passwords.
    func login(
        userName: String,
        password: String,
        in tenant: CallerIndex.Tenant,
        with credentials: Credentials
    ) async throws(AgentError) -> PasswordLogin? {
        let origin = Origin(kind: "password", userName: userName, tenant: tenant.id, credentials: credentials)
        guard password.utf8.count <= PrincipalAgent.longestPassword else {
            return try await attempt(origin, by: userName.caseFolded) { _ in .wrong }
        }
        return try await attempt(origin, by: userName.caseFolded) { isKnown in
            let known = tenant.user(named: userName).map { user in
                (user: user, key: verified.key(password, of: user, tenant: tenant.id))
            }
            if let known, verified.contains(known.key, now: now()) {
                let ticket = verified.ticket(known.key, now: now())
                return .right(PasswordLogin(user: known.user, reusableTicket: ticket, key: known.key))
            }
            guard let hash = known?.user.passwordHash ?? tenant.decoyHash(for: userName) else { return .wrong }
            guard let isRight = await cryptography.isPassword(password, ofHash: hash, isUrgent: isKnown) else {
                return .unknown
            }
            guard let known, isRight else { return .wrong }
            verified.insert(known.key, now: now())
            return .right(PasswordLogin(user: known.user, reusableTicket: nil, key: known.key))
        }
    }

    /// Has later calls with the password of a login go on with a session.
    func remember(ticket: String, for login: PasswordLogin) {
        verified.remember(ticket: ticket, for: login.key)
    }

    /// Returns the user whose access token this is; nil when the token is unknown.
    func user(
        accessToken token: String,
        in tenant: CallerIndex.Tenant,
        with credentials: Credentials
    ) async throws(AgentError) -> User? {
        let digest = cryptography.digest(of: Array(token.utf8))
        let origin = Origin(kind: "access token", userName: nil, tenant: tenant.id, credentials: credentials)
        return try await attempt(origin, by: Hexadecimal.text(digest)) { _ in
            tenant.user(ofAccessToken: digest).map(Verdict.right) ?? .wrong
        }
    }

    /// Where an attempt comes from, and what it tries.
    struct Origin {
        /// What is tried, as the log calls it.
        var kind: String
        /// The name of the user; nil for an attempt that names no user.
        var userName: String?
        /// The identifier of the tenant.
        var tenant: String
        var credentials: Credentials
    }

    /// Counts an outcome, and tells the log of a failure, without the secret that was tried.
    func note(_ outcome: LoginOutcome, _ origin: Origin) {
        onLogin(outcome)
        guard outcome == .failed else { return }
        logger.warning(
            "login failed",
            metadata: [
                // In quotes: it may look like another member.
                "with": "\(origin.kind)", "user": "\(Excerpt.quoted(origin.userName ?? ""))",
                "tenant": "\(origin.tenant)",
                "address": "\(Excerpt.quoted(origin.credentials.address))",
            ]
        )
    }

    /// What a look at credentials shows.
    private enum Verdict<Proven> {
        case right(Proven)
        case wrong
        /// The credentials could not be looked at.
        case unknown
    }

    /// Makes an attempt to log in when its turn has come. Returns nil for wrong credentials.
    ///
    /// - Parameter caller: The name of a user, or the digest of a token.
    private func attempt<Proven>(
        _ origin: Origin,
        by caller: String,
        _ check: (_ isKnown: Bool) async -> Verdict<Proven>
    ) async throws(AgentError) -> Proven? {
        var attempt = throttle.attempt(
            by: "\(origin.tenant)\n\(caller)",
            isGuessable: origin.userName != nil,
            from: origin.credentials.network
        )
        try await enter(&attempt)
        switch await check(attempt.isKnown) {
        case .right(let proven):
            throttle.leave(attempt, succeeded: true, now: now())
            note(.succeeded, origin)
            return proven
        case .wrong:
            throttle.leave(attempt, succeeded: false, now: now())
            note(.failed, origin)
            return nil
        case .unknown:
            throttle.leave(attempt, succeeded: nil, now: now())
            throw refusal(retryAfter: .seconds(1))
        }
    }

    /// Waits until an attempt may be made. Throws an error when the attempt is refused or would have to wait too long.
    private func enter(_ attempt: inout LoginThrottle.Attempt) async throws(AgentError) {
        let start = now()
        while true {
            let remaining = Self.maximumWait - max(.zero, now().since(start))
            switch throttle.enter(&attempt, now: now()) {
            case .admitted: return
            case .pause(let time):
                if time <= remaining, (try? await sleep(time)) != nil { continue }
                throw refusal(retryAfter: throttle.giveUp(attempt, now: now()))
            case .queued:
                if await throttle.wait(attempt, atMost: remaining) { continue }
                throw refusal(retryAfter: throttle.giveUp(attempt, now: now()))
            case .refused(let time): throw refusal(retryAfter: time)
            }
        }
    }

    private func refusal(retryAfter time: Duration) -> AgentError {
        onLogin(.refused)
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
