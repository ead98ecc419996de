import AgentCore
import Foundation
import Logging
import MemoryStorage
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

/// An agent whose clock, cryptography and waits do as they are told.
struct PrincipalHarness: Sendable {
    static let lifetime = Duration.seconds(6 * 3600)

    let store: any SessionStore
    let clock: SteppedClock
    let cryptography: TransparentCryptography
    let sleeps = Recorder<Duration>()
    let outcomes = Recorder<LoginOutcome>()
    let lines = Recorder<String>()
    let agent: PrincipalAgent
    private let installation: Installation

    /// - Parameter isCancelled: Whether waits are broken off.
    init(
        _ installation: Installation = .onSite,
        store: any SessionStore = MemoryStore(),
        clock: SteppedClock = SteppedClock(),
        cryptography: TransparentCryptography = TransparentCryptography(),
        throttle: LoginThrottle = LoginThrottle(),
        isCancelled: Bool = false
    ) {
        (self.installation, self.store, self.clock, self.cryptography) = (installation, store, clock, cryptography)
        let sleeps = sleeps
        let outcomes = outcomes
        let lines = lines
        agent = PrincipalAgent(
            installation: installation,
            sessions: store,
            cryptography: cryptography,
            ticketLifetime: Self.lifetime,
            throttle: throttle,
            logger: Logger(label: "test", factory: { _ in RecordingLogHandler(lines: lines) }),
            now: { clock.now },
            sleep: { duration in
                if isCancelled { throw CancellationError() }
                sleeps.add(duration)
                clock.advance(by: duration)
            },
            onLogin: { outcomes.add($0) }
        )
    }

    /// An agent of another process on the same store.
    func another(_ installation: Installation? = nil) -> PrincipalHarness {
        PrincipalHarness(
            installation ?? self.installation,
            store: store,
            clock: clock,
            cryptography: cryptography
        )
    }

    /// Of a request to the first tenant, from its first application.
    func credentials(
        _ ticket: String? = nil,
        token: String? = "app-1",
        address: String = "192.0.2.1",
        network: String? = nil
    ) -> Credentials {
        Credentials(
            tenant: installation.tenants[0].id,
            ticket: ticket,
            applicationToken: token,
            address: address,
            network: network
        )
    }

    /// A new ticket.
    func logIn(_ userName: String = "anna", _ password: String = "right") async throws -> String {
        let login = try await agent.authenticate(userName: userName, password: password, credentials())
        return try #require(login).ticket
    }

    /// Every session in the store, those used last first.
    func stored() async throws -> [Session] {
        try await store.sessions(matching: SessionFilter(), limit: 100)
    }
}

/// That `operation` fails for want of a session, with a message that names `what`.
func expectRefused(
    _ what: String,
    location: SourceLocation = #_sourceLocation,
    _ operation: () async throws -> Void
) async {
    let error = await failure(of: operation)
    #expect(error?.kind == .session, sourceLocation: location)
    #expect(error?.message.contains(what) == true, sourceLocation: location)
    #expect(error?.friendlyText.isEmpty == false, sourceLocation: location)
}

/// AuthenticationData with `pairs`.
func data(_ pairs: [(String, String?)]) -> StringDictionary {
    StringDictionary(pairs.map { StringDictionary.Entry(key: $0.0, value: $0.1) })
}

extension User {
    static let anna = User(passwordHash: "hash:right", principal: Principal(associate: Fixed.anna))
    static let bert = User(passwordHash: "hash:berts own", rights: [], principal: Principal(associate: Fixed.bert))
}

extension Installation {
    static let onSite = Installation(
        kind: .onSite,
        tenants: [
            Tenant(
                id: "Default",
                users: [.anna, .bert],
                accessTokens: [
                    AccessToken(token: "key of anna", user: "ANNA"),
                    AccessToken(token: "key of nobody", user: "nobody"),
                ]
            )
        ]
    )

    static let hosted = Installation(
        kind: .hosted,
        tenants: [
            Tenant(
                id: "Cust1",
                applications: [
                    Application(token: "app-1", name: "Sync"), Application(token: "app-1b", name: "Import"),
                ],
                users: [.anna, .bert],
                accessTokens: [
                    AccessToken(token: "key of anna", user: "anna", application: "Import"),
                    AccessToken(token: "key of no application", user: "anna"),
                ]
            ),
            Tenant(
                id: "Cust2",
                applications: [Application(token: "app-2", name: "Other")],
                users: [.anna],
                accessTokens: [AccessToken(token: "key in Cust2", user: "anna")]
            ),
        ]
    )
}

/// Cryptography that hides nothing: its bytes are counted, and the hash of a password is `hash:` and the password.
final class TransparentCryptography: CallerCryptography {
    private struct State {
        var draws = 0
        var checkedHashes: [String] = []
        var isBusy = false
    }

    private let state = Mutex(State())

    /// What passwords were checked against.
    var checkedHashes: [String] { state.withLock { $0.checkedHashes } }

    /// Has it say of every password that there are too many.
    func setBusy() {
        state.withLock { $0.isBusy = true }
    }

    func randomBytes(_ count: Int) -> [UInt8] {
        let draw: Int = state.withLock { state in
            state.draws += 1
            return state.draws
        }
        return (0..<count).map { UInt8(truncatingIfNeeded: draw >> ($0 % 4 * 8)) }
    }

    /// FNV-1a from four beginnings.
    func digest(of bytes: [UInt8]) -> [UInt8] {
        var digest: [UInt8] = []
        for lane: UInt64 in 1...4 {
            var hash = 0xCBF2_9CE4_8422_2325 &* lane
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            digest += (0..<8).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) }
        }
        return digest
    }

    func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] { digest(of: key + message) }

    func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? {
        state.withLock { state in
            state.checkedHashes.append(hash)
            return state.isBusy ? nil : hash == "hash:" + password
        }
    }
}

/// A store of sessions that is out of order.
struct BrokenSessionStore: SessionStore {
    private var error: StoreError { .unavailable(BrokenStore.cause) }

    func insert(_ session: Session, limit: Int) async throws(StoreError) { throw error }

    func session(_ key: SessionKey) async throws(StoreError) -> Session? { throw error }

    func useSession(_ key: SessionKey, at time: Timestamp) async throws(StoreError) { throw error }

    func sessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] { throw error }

    func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int { throw error }

    func pruneSessions(usedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Bool { throw error }
}
