import Hummingbird

/// Carries out each call in a task of its own.
///
/// A task keeps the memory of its deepest calls until it ends, and a connection's lasts as long as its client likes. A child
/// task would take its memory from the connection's. As a class it passes one reference on in place of all that answers calls.
final class CallTasks: HTTPResponder {
    private let responder: ServiceResponder

    init(_ responder: ServiceResponder) {
        self.responder = responder
    }

    func respond(to request: Request, context: ServiceContext) async throws -> Response {
        let call = Task { try await responder.respond(to: request, context: context) }
        return try await withTaskCancellationHandler {
            try await call.value
        } onCancel: {
            call.cancel()
        }
    }
}
