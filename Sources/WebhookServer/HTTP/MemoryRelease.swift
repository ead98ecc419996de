import Foundation
import Logging
import NIOPosix
import ServiceLifecycle

/// Gives the memory that a burst of calls took back to the system. The C library keeps what is freed for itself otherwise.
struct MemoryRelease: Service, CustomStringConvertible {
    var description: String { "MemoryRelease" }

    let logger: Logger

    /// How often the process's memory is looked at.
    private static let interval = Duration.seconds(10)
    /// By how much it must have grown since it was given back last.
    private static let step = 16 << 20
    /// By how much it may grow from one look to the next and still be at rest.
    private static let rest = 1 << 20

    func run() async throws {
        guard let trim = Self.trim, var floor = Self.residentBytes() else { return }
        var last = floor
        while true {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            } catch {
                return
            }
            guard let resident = Self.residentBytes() else { return }
            defer { last = resident }
            // While it grows, what is freed is used again.
            guard resident <= last + Self.rest, resident > floor + Self.step else {
                floor = min(floor, resident)
                continue
            }
            // It takes a while, and a thread that allocates waits for it: it is not done on an event loop or a task's thread.
            try? await NIOThreadPool.singleton.runIfActive { _ = trim(0) }
            floor = Self.residentBytes() ?? resident
            logger.debug(
                "memory was given back",
                metadata: ["before": "\(resident >> 20) MB", "after": "\(floor >> 20) MB"]
            )
        }
    }

    private typealias Trim = @convention(c) (Int) -> Int32

    /// `malloc_trim`, which glibc alone has.
    private static var trim: Trim? {
        #if canImport(Glibc)
            dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }
        #else
            nil
        #endif
    }

    private static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    }
}
