import FoundationEssentials
import LogThrottling
import Logging
import StoreContracts
import Text
import WebhookModel

/// The sessions of users who have logged in: it begins them, finds the user of a ticket, and ends them
/// (docs/contract.md#section-5).
final class UserSessions: Sendable {
    private let store: any SessionStore
    private let cryptography: any CallerCryptography
    private let digests: DigestMemo
    private let ticketLifetime: Duration
    private let cache: SessionCache
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let logThrottle = LogThrottle()
    private let failures: StoreFailureLog

    /// Sessions that a user may have at once; the one used longest ago ends for the next.
    private static let sessionsPerUser = 10_000

    /// - Parameters:
    ///   - digests: The digests of tickets as clients send them.
    ///   - ticketLifetime: How long a ticket lives after its last use.
    ///   - now: The clock.
    init(
        store: any SessionStore,
        cryptography: any CallerCryptography,
        digests: DigestMemo,
        ticketLifetime: Duration,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.cryptography = cryptography
        self.digests = digests
        self.ticketLifetime = ticketLifetime
        cache = SessionCache(timeToLive: min(.seconds(1), ticketLifetime / 200))
        self.now = now
        self.logger = logger
        failures = StoreFailureLog(logger: logger)
    }

    /// Begins a session of a user.
    func begin(_ user: User, _ tenant: CallerIndex.Tenant) async throws(AgentError) -> Login {
        let ticket = Ticket(
            secret: Hexadecimal.text(cryptography.randomBytes(16)),
            number: user.principal.associate.associateID,
            tenant: tenant.id
        )
        let time = now()
        let session = Session(
            key: SessionKey(digest: digest(ticket.content)),
            tenant: tenant.id,
            userName: user.name,
            created: time,
            used: time
        )
        try await storing { () throws(StoreError) in
            try await store.insert(session, limit: Self.sessionsPerUser)
        }
        return Login(user, ticket: ticket.text)
    }

    /// What is known of a ticket without asking the store.
    enum Knowledge {
        /// The store was asked lately: the ticket stands for this user, or for nobody.
        case known(User?)
        /// The store must be asked.
        case unknown(digest: [UInt8])
    }

    /// What is known of a ticket without asking the store.
    func knowledge(ofTicket text: String, in tenant: CallerIndex.Tenant) -> Knowledge {
        let sent = digests.digest(of: text)
        if let user = tenant.user(ofFixedTicket: sent) { return .known(user) }
        let time = now()
        guard let session = cache.session(sent, now: time) else { return .unknown(digest: sent) }
        return .known(user(of: session, in: tenant, time))
    }

    /// The user that a ticket stands for, nil when it is unknown or has expired.
    func user(ofTicket text: String, in tenant: CallerIndex.Tenant) async throws(AgentError) -> User? {
        let sent: [UInt8]
        switch knowledge(ofTicket: text, in: tenant) {
        case .known(let user): return user
        case .unknown(let digest): sent = digest
        }
        let time = now()
        let generation = cache.generation
        guard let ticket = Ticket(text), ticket.tenant == tenant.id else { return nil }
        let key = SessionKey(digest: digest(ticket.content))
        guard var session = try await storing({ () throws(StoreError) in try await store.session(key) }),
            let user = user(of: session, in: tenant, time)
        else { return nil }
        if time.since(session.used) >= slack {
            do throws(StoreError) {
                try await store.useSession(key, at: time)
                session.used = time
            } catch {
                // The ticket is good all the same; what the call needs of the store is its own affair.
                logThrottle.log(
                    .warning,
                    "the use of a ticket was not recorded",
                    metadata: ["error": "\(error)"],
                    to: logger
                )
            }
        }
        cache.remember(session, sent, now: time, generation: generation)
        return user
    }

    /// The user of a session, nil when it belongs to another tenant, has expired, or its user is no longer configured.
    private func user(of session: Session, in tenant: CallerIndex.Tenant, _ time: Timestamp) -> User? {
        guard session.tenant == tenant.id, !isExpired(session, time) else { return nil }
        return tenant.user(named: session.userName)
    }

    /// The sessions that have not expired, those used last first; at most `limit`.
    func open(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] {
        let time = now()
        return try await store.sessions(matching: filter, limit: limit).filter { !isExpired($0, time) }
    }

    /// Ends sessions. Returns how many.
    func end(matching filter: SessionFilter) async throws(StoreError) -> Int {
        let count = try await store.endSessions(matching: filter)
        cache.forget()
        return count
    }

    /// Removes up to `limit` expired sessions from the store. Returns whether there may be more.
    func prune(limit: Int) async throws(StoreError) -> Bool {
        try await store.pruneSessions(usedBefore: expiry(now()), limit: limit)
    }

    // MARK: Parts

    /// Uses are written down when the last one was this long ago, not every time.
    private var slack: Duration { ticketLifetime / 200 }

    /// Tickets live up to 1 % longer than asked, because uses that were not written down count as well.
    private func expiry(_ time: Timestamp) -> Timestamp {
        time.advanced(by: .zero - ticketLifetime - slack - cache.timeToLive)
    }

    private func isExpired(_ session: Session, _ time: Timestamp) -> Bool { session.used < expiry(time) }

    private func digest(_ text: String) -> [UInt8] {
        cryptography.digest(of: Array(text.utf8))
    }

    private func storing<Value>(_ body: () async throws(StoreError) -> Value) async throws(AgentError) -> Value {
        try await failures.mappingStoreErrors(reference: UUID(), body)
    }
}
