import Text
package import WebhookModel

/// Keeps the sessions of logged-in users, so that tickets survive a restart and every process on a store accepts them.
/// One conformance suite holds what each store must do.
///
/// A store keeps digests of tickets, never tickets. ``PrincipalAgent`` decides when a session has expired.
/// Every call is atomic and, once it returns, durable. A call that throws ``StoreError`` has stored nothing.
package protocol SessionStore: Sendable {
    /// Adds a session. Ends other sessions of the same user, those used longest ago first, until the user has `limit`.
    func insert(_ session: Session, limit: Int) async throws(StoreError)

    /// Returns the session with a key; nil when there is none.
    func session(_ key: SessionKey) async throws(StoreError) -> Session?

    /// Notes that a session was used at `time`, unless it has been used later. Does not bring back a session that has ended.
    func useSession(_ key: SessionKey, at time: Timestamp) async throws(StoreError)

    /// Returns up to `limit` sessions that pass `filter`, those used last first.
    func sessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session]

    /// Ends the sessions that pass `filter`. Returns how many there were.
    func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int

    /// Removes up to `limit` sessions that were last used before `time`. Returns whether there may be more.
    func pruneSessions(usedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Bool
}

/// The digest of a session's ticket, by which the session is looked up.
package struct SessionKey: Sendable, Hashable {
    /// 32 bytes.
    package let digest: [UInt8]

    /// Creates a key from a digest of 32 bytes.
    package init(digest: [UInt8]) {
        self.digest = digest
    }

    /// The first bytes in hexadecimal: tells sessions apart and opens none.
    package var id: String {
        Hexadecimal.text(Array(digest.prefix(8)))
    }
}

/// A user's login.
package struct Session: Sendable, Hashable {
    /// The digest of its ticket.
    package var key: SessionKey
    /// The identifier of the tenant in which the session is valid.
    package var tenant: String
    /// Who logged in, as configured.
    package var userName: String
    /// When it began.
    package var created: Timestamp
    /// When it was last used.
    package var used: Timestamp

    /// Creates a session.
    package init(key: SessionKey, tenant: String, userName: String, created: Timestamp, used: Timestamp) {
        (self.key, self.tenant, self.userName, self.created, self.used) = (key, tenant, userName, created, used)
    }
}

/// Restricts which sessions are meant. A member that is nil restricts nothing.
package struct SessionFilter: Sendable, Hashable {
    /// Those of one tenant.
    package var tenant: String?
    /// Those of one user; case does not count.
    package var userName: String?
    /// The one with this ``SessionKey/id``.
    package var id: String?

    /// Creates a session filter.
    package init(tenant: String? = nil, userName: String? = nil, id: String? = nil) {
        (self.tenant, self.userName, self.id) = (tenant, userName, id)
    }

    /// Whether `session` passes.
    package func matches(_ session: Session) -> Bool {
        (tenant == nil || tenant.isSame(as: session.tenant))
            && (userName == nil || userName?.caseFolded == session.userName.caseFolded)
            && (id == nil || id == session.key.id)
    }
}
