import CMalloc
import Logging
import NIOPosix
import ServiceLifecycle

/// Gives the memory that a burst of calls took back to the system. The C library keeps what is freed for itself otherwise.
struct MemoryRelease: Service, CustomStringConvertible {
    var description: String { "MemoryRelease" }

    let logger: Logger

    /// How often the C library is asked.
    private static let interval = Duration.seconds(10)
    /// How much more must have been freed than was free at the lowest since memory was given back last.
    private static let step = 16 << 20
    /// By how much what is free may grow from one look to the next once a burst is over.
    private static let rest = 1 << 20

    func run() async throws {
        // Memory that has been given back still counts as free until it is used again.
        var floor = try await Self.freeBytes()
        var last = floor
        while true {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            } catch {
                return
            }
            let free = try await Self.freeBytes()
            defer { last = free }
            floor = min(floor, free)
            guard free <= last + Self.rest, free >= floor + Self.step else { continue }
            try await Self.offLoop { cmalloc_trim() }
            logger.debug("memory was given back", metadata: ["free": "\(free >> 20) MB"])
            floor = free
        }
    }

    private static func freeBytes() async throws -> Int {
        Int(clamping: try await offLoop { cmalloc_free_bytes() })
    }

    /// It takes a while, and a thread that allocates waits for it: it is not done on an event loop or a task's thread.
    private static func offLoop<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
