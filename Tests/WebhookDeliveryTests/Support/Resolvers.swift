import NIOCore
import WebhookDelivery

/// A resolver that answers as told: each look-up with the next list of addresses, and then always with the last.
final class ScriptedResolver: NameResolver {
    struct NoAddress: Error, CustomStringConvertible {
        let description = "there is no such name"
    }

    /// The names that were looked up.
    let lookUps = Watched<[String]>([])
    private let answers: [[String]]

    /// An empty list is a name that has no address.
    init(_ answers: [String]...) {
        self.answers = answers
    }

    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        let number = lookUps.update { names in
            names.append(host)
            return names.count - 1
        }
        let texts = answers[min(number, answers.count - 1)]
        return loop.makeCompletedFuture {
            if texts.isEmpty { throw NoAddress() }
            return try texts.map { try SocketAddress(ipAddress: $0, port: port) }
        }
    }
}

/// A resolver that answers nothing until it is told to.
final class HangingResolver: NameResolver {
    let waiting = Watched<[EventLoopPromise<[SocketAddress]>]>([])

    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        let promise = loop.makePromise(of: [SocketAddress].self)
        waiting.update { $0.append(promise) }
        return promise.futureResult
    }

    /// Answers all who wait.
    func answer(_ addresses: [SocketAddress]) {
        for promise in waiting.value { promise.succeed(addresses) }
    }
}
