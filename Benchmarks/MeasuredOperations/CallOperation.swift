import AgentCore
import Cryptography
import HTTPServing
import HTTPTypes
import Logging
import MemoryStorage
import NIOCore
import NetServerSOAP
import Networking
import RequestOrigins
import SOAP
import StoreContracts
import Synchronization
import WebhookModel

/// A call of a SOAP operation: the bytes of its envelope in, the bytes of its answer out.
final class CallOperation: Sendable {
    private let service: SOAPService
    private let target: SOAPService.Target
    private let mediaType = MediaType("text/xml; charset=utf-8")
    private let envelope: [UInt8]
    private let expected: [UInt8]
    private let answers = Mutex(0)

    /// - Parameter answer: The name of the element that the answer's Body holds.
    init(_ envelope: [UInt8], answer: String) {
        self.envelope = envelope
        expected = Array("</\(answer)></s:Body></s:Envelope>".utf8)
        let logger = Logger(label: "measured-operations")
        service = SOAPService(
            reader: EnvelopeReader(),
            webhooks: WebhookAgent(
                store: OneWebhookStore(),
                sender: NoSender(),
                rules: AgentRules(),
                logger: logger
            ),
            principals: PrincipalAgent(
                installation: Installation(
                    kind: .onSite,
                    tenants: [
                        Tenant(
                            id: Installation.defaultTenant,
                            users: [User(passwordHash: "", principal: Principal(associate: Sample.associate))],
                            fixedTickets: ["7T:1234abcxyzExample==": Sample.associate.userName]
                        )
                    ]
                ),
                sessions: MemoryStore(),
                cryptography: DigestCryptography(),
                ticketLifetime: .seconds(3600),
                logger: logger
            ),
            system: SystemInfo(version: "8.7", databaseType: "None"),
            operationErrors: .header
        )
        let request = HTTPRequest(method: .post, scheme: "http", authority: "127.0.0.1", path: "/")
        target = SOAPService.Target(
            service: .webhook,
            number: .services87,
            tenant: Installation.defaultTenant,
            origin: RequestOriginReader(trustedProxies: [], header: .xForwarded, isTLS: false)
                .origin(of: request, peer: nil)
        )
    }

    func carryOut() throws {
        let before = answers.withLock { $0 }
        let beginning = service.begin(envelope, mediaType: mediaType, action: nil, target: target) { makeAnswer in
            self.take(makeAnswer())
        }
        if case .answered(let answer) = beginning { take(answer) }
        // The store completes every event at once.
        guard answers.withLock({ $0 }) == before + 1 else {
            throw UnexpectedResultError(text: "The call was not answered as it always is.")
        }
    }

    private func take(_ answer: SOAPService.Answer) {
        guard answer.status == 200, case .bytes(let bytes) = answer.body, answer.label.outcome == "succeeded",
            bytes.readableBytesView.suffix(expected.count).elementsEqual(expected)
        else { return }
        answers.withLock { $0 += 1 }
    }
}

/// Holds one webhook in memory, and takes every event without keeping it.
private struct OneWebhookStore: WebhookStore, EventIntake {
    private let held = HeldWebhook(Sample.webhook, registeredIn: WebhookScope(tenant: Installation.defaultTenant))

    func heldWebhook(id: Int32, in scope: WebhookScope) -> HeldWebhook? { held }

    func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        completion(.success(1))
    }

    func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? { held.webhook }

    func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook] {
        [held.webhook]
    }

    func insert(_ webhook: Webhook, bodySuffix: [UInt8], in scope: WebhookScope) async throws(StoreError) -> Webhook {
        webhook
    }

    func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate { .absent }

    func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool { false }

    func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? { nil }

    func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] { [:] }
}

/// Sends nothing: the measured operations have nothing tested.
private struct NoSender: NotificationSender {
    func send(_ notification: WebhookNotification) async -> SendOutcome {
        .failed(SendError(.shutdown, "Nothing is sent here."))
    }
}

/// Makes digests, and checks no password.
private struct DigestCryptography: CallerCryptography {
    func randomBytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }

    func digest(of bytes: [UInt8]) -> [UInt8] { SHA256Digest.of(bytes) }

    func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] { HMACSHA256(key: key).tag(of: message) }

    func isPassword(_ password: String, ofHash hash: String, isUrgent: Bool) async -> Bool? { nil }
}
