import Text

/// An installation, arranged for look-ups. Secrets are looked up by their digests, so the time that takes says nothing
/// about them.
struct CallerIndex: Sendable {
    final class Tenant: Sendable {
        let id: String
        private let hashes: [String]
        private let cryptography: any CallerCryptography
        private let applications: [SecretDigest: Application]
        private let applicationsByName: [String: Application]
        private let users: [String: User]
        private let accessTokens: [SecretDigest: AccessToken]
        private let fixedTickets: [SecretDigest: String]

        init(_ tenant: AgentCore.Tenant, cryptography: any CallerCryptography) {
            let digest = { (text: String) in SecretDigest(cryptography.digest(of: Array(text.utf8))) }
            id = tenant.id
            hashes = tenant.users.map(\.passwordHash)
            self.cryptography = cryptography
            applications = Self.index(tenant.applications.map { (digest($0.token), $0) })
            applicationsByName = Self.index(tenant.applications.map { ($0.name, $0) })
            users = Self.index(tenant.users.map { ($0.name.caseFolded, $0) })
            accessTokens = Self.index(tenant.accessTokens.map { (digest($0.token), $0) })
            fixedTickets = Self.index(tenant.fixedTickets.map { (digest($0.key), $0.value) })
        }

        /// What the password of an unknown user is checked against, so that it takes as long as a known one's: always the
        /// same hash for the same name, in every process, since hashes may differ in what they cost.
        func decoyHash(for name: String) -> String? {
            let digest = cryptography.digest(of: Array(name.caseFolded.utf8))
            let number = digest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            return hashes.isEmpty ? nil : hashes[number % hashes.count]
        }

        func application(_ digest: [UInt8]) -> Application? { applications[SecretDigest(digest)] }
        func user(named name: String) -> User? { users[name.caseFolded] }
        func user(ofAccessToken digest: [UInt8]) -> User? {
            accessTokens[SecretDigest(digest)].flatMap { user(named: $0.user) }
        }
        /// The application that an access token was issued to; nil for a token that names none of the tenant's.
        func application(ofAccessToken digest: [UInt8]) -> Application? {
            accessTokens[SecretDigest(digest)]?.application.flatMap { applicationsByName[$0] }
        }
        func user(ofFixedTicket digest: [UInt8]) -> User? { fixedTickets[SecretDigest(digest)].flatMap(user) }

        private static func index<Key: Hashable, Value>(_ pairs: [(Key, Value)]) -> [Key: Value] {
            Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Whether paths name a tenant, and requests an application.
    let isHosted: Bool
    private let tenants: [String: Tenant]
    private let tenantsByID: [ExactText: Tenant]

    init(_ installation: Installation, cryptography: any CallerCryptography) {
        isHosted = installation.kind == .hosted
        tenants = Dictionary(
            installation.tenants.map { ($0.id.caseFolded, Tenant($0, cryptography: cryptography)) },
            uniquingKeysWith: { first, _ in first }
        )
        tenantsByID = Dictionary(tenants.values.map { (ExactText($0.id), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tenant of this identifier, as it is configured.
    func tenant(id: String) -> Tenant? { tenantsByID[ExactText(id)] }

    /// The tenant that a path begins with, without regard to case; on-site the only one, which paths do not name.
    func tenant(named name: String?) -> Tenant? {
        guard isHosted else { return name == nil ? tenants.values.first : nil }
        return name.flatMap { tenants[$0.caseFolded] }
    }
}

/// The digest of a secret as the key of a look-up. It is hashed as one piece; an array is hashed byte by byte.
struct SecretDigest: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
