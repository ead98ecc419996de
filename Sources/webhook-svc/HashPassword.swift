import AgentCore
import ArgumentParser
import Cryptography
import Dispatch
import Foundation

/// `webhook-svc hash-password`.
struct HashPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash-password",
        abstract: "Read a password from standard input and print its hash, for passwordHash in the configuration file.",
        discussion: "One line break at its end is not part of the password. In a terminal it is not shown."
    )

    func run() throws {
        guard let input = readInput() else { throw failure("hash-password: the password is not UTF-8", code: 64) }
        guard !input.utf8.contains(0) else { throw failure("hash-password: the password holds a NUL", code: 64) }
        guard input.utf8.count <= PrincipalAgent.longestPassword else {
            let problem = "hash-password: the password is longer than \(PrincipalAgent.longestPassword) bytes"
            throw failure(problem, code: 64)
        }
        guard !input.isEmpty else { throw failure("hash-password: the password is empty", code: 64) }
        print(PasswordHash(ofPassword: input))
    }

    private func readInput() -> String? {
        guard isatty(STDIN_FILENO) == 1 else {
            let data = FileHandle.standardInput.readDataToEndOfFile()
            return String(data: data, encoding: .utf8).map(Self.withoutLineBreak)
        }
        var terminal = termios()
        tcgetattr(STDIN_FILENO, &terminal)
        let asItWas = terminal
        let sources = Self.atSignals { Self.restore(asItWas) }
        terminal.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal)
        FileHandle.standardError.write(Data("Password: ".utf8))
        defer {
            sources.forEach { $0.cancel() }
            Self.restore(asItWas)
        }
        return readLine() ?? ""
    }

    private static func restore(_ terminal: termios) {
        var terminal = terminal
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal)
        FileHandle.standardError.write(Data("\n".utf8))
    }

    /// Calls `body` before a signal from the terminal ends the process.
    private static func atSignals(_ body: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                body()
                Foundation.exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    private static func withoutLineBreak(_ text: String) -> String {
        ["\n", "\r\n", "\r"].contains(text.last) ? String(text.dropLast()) : text
    }
}
