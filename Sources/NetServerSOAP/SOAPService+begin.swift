import AgentCore
package import Networking
import SOAP
import StoreContracts
import WebhookModel

extension SOAPService {
    /// How far a request came without waiting.
    package enum Beginning: Sendable {
        /// It is answered.
        case answered(Answer)
        /// The completion gets the answer.
        case pending
        /// Nothing was done. ``answer(to:)`` answers it.
        case waiting(Call)
    }

    /// Carries one request out as far as that takes no waiting: what is known in memory is answered at once, and an event is
    /// handed to the store.
    ///
    /// - Parameter completion: Takes what makes the answer. It is called once, on any thread, if the outcome is
    ///   ``Beginning/pending``.
    package func begin(
        _ bytes: [UInt8],
        mediaType: MediaType,
        action: String?,
        target: Target,
        completion: @escaping @Sendable (_ makeAnswer: @escaping @Sendable () -> Answer) -> Void
    ) -> Beginning {
        let call: Call
        do { call = try self.call(bytes, mediaType: mediaType, action: action, target: target) } catch {
            return .answered(error.answer)
        }
        guard case .webhook(let operation) = call.operation.name, operation == .getWebhook || operation == .signalEvent
        else { return .waiting(call) }
        do throws(Failure) {
            guard let caller = try knownCaller(of: call) else { return .waiting(call) }
            let arguments = try Self.arguments(of: operation, call)
            switch arguments {
            case .getWebhook(let id):
                let held: HeldWebhook?
                do { held = try webhooks.heldWebhook(id: id, for: caller) } catch { throw Failure.operation(error) }
                guard let held else { return .waiting(call) }
                return .answered(call.answers.answer(with: held))
            case .signalEvent(let name, let primaryKey, let data):
                let answers = call.answers
                webhooks.signalEvent(name: name, primaryKey: primaryKey, data: data, by: caller) { result in
                    completion {
                        switch result {
                        case .success: answers.answer()
                        case .failure(let error): answers.answer(with: error)
                        }
                    }
                }
                return .pending
            default: return .waiting(call)
            }
        } catch {
            return .answered(answer(to: call, error))
        }
    }

    private func knownCaller(of call: Call) throws(Failure) -> Caller? {
        do { return try principals.knownCaller(credentials(call.request, call.target)) } catch {
            throw .operation(error)
        }
    }
}
