import Foundation
import NIOCore
import NameResolution
import Synchronization
import TestSupport

/// A resolver that answers as told: each look-up with the next list of addresses, and then always with the last.
final class ScriptedResolver: NameResolver {
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
            if texts.isEmpty { throw ResolutionError("there is no such name", isDefinite: true) }
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

/// A look-up that blocks until it is told what to say, as one of the C library does whose server is silent.
final class BlockingLookUp: Sendable {
    struct State: Sendable {
        /// The names that are being looked up, in the order in which they were begun.
        var running: [String] = []
        var begun: [String] = []
        var answers: [String: Result<[String], ResolutionError>] = [:]
    }

    let state = Watched(State())
    private let condition = NSCondition()

    /// Names that are not told to answer are silent.
    init(_ answers: [String: Result<[String], ResolutionError>] = [:]) {
        state.update { $0.answers = answers }
    }

    /// Answers from now on, also those that are being looked up.
    func answer(_ host: String, _ answer: Result<[String], ResolutionError>?) {
        condition.lock()
        defer { condition.unlock() }
        state.update { $0.answers[host] = answer }
        condition.broadcast()
    }

    @Sendable func addresses(of host: String) throws(ResolutionError) -> [SocketAddress] {
        state.update { state in
            state.running.append(host)
            state.begun.append(host)
        }
        condition.lock()
        defer {
            condition.unlock()
            state.update { state in state.running.firstIndex(of: host).map { _ = state.running.remove(at: $0) } }
        }
        while true {
            if let answer = state.value.answers[host] {
                return try answer.get().compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
            }
            condition.wait()
        }
    }
}

/// A resolver's time, which stands still until a test moves it.
final class ManualResolverTime: Sendable {
    private struct State: Sendable {
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var waiting: [(due: NIODeadline, loop: any EventLoop, work: @Sendable () -> Void)] = []
    }

    private let state = Mutex(State())

    var time: SystemResolver.Time {
        SystemResolver.Time(
            now: { self.state.withLock { $0.now } },
            after: { amount, loop, work in
                self.state.withLock { state in state.waiting.append((state.now + amount, loop, work)) }
            }
        )
    }

    /// Lets time pass, and does what falls due one after the other.
    func advance(by amount: TimeAmount) async throws {
        let end = state.withLock { $0.now + amount }
        while true {
            let next: (loop: any EventLoop, work: @Sendable () -> Void)? = state.withLock { state in
                let index = state.waiting.indices.filter { state.waiting[$0].due <= end }
                    .min { state.waiting[$0].due < state.waiting[$1].due }
                guard let index else {
                    state.now = end
                    return nil
                }
                let (due, loop, work) = state.waiting.remove(at: index)
                state.now = max(state.now, due)
                return (loop, work)
            }
            guard let next else { return }
            try await next.loop.submit(next.work).get()
        }
    }
}
