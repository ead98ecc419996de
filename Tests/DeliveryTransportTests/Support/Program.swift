import Foundation

/// Programs that tests run. They are started without Foundation's `Process`, which needs a thread and descriptors below 1,024
/// of its own, and ends the tests' process where many tests run at once.
enum Program {
    struct StartError: Error {
        let path: String
        let code: CInt
    }

    /// Runs a program to its end without input and output. Returns what waitpid(2) tells: 0 for a program that succeeded.
    ///
    /// Throws ``StartError`` when the program cannot be started.
    static func run(_ path: String, _ arguments: [String]) async throws -> CInt {
        let child = try start(path, arguments)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: CInt = 0
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                continuation.resume(returning: status)
            }
        }
    }

    private static func start(_ path: String, _ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0..<3 as Range<CInt> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        let search = "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup(search), nil]
        defer { for text in words + environment { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, path, &actions, nil, &words, &environment)
        guard code == 0 else { throw StartError(path: path, code: code) }
        return child
    }
}
