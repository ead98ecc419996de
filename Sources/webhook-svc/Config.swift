import ArgumentParser
import Foundation
import ServerConfiguration
import ServiceMetrics

/// `webhook-svc config`.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check a configuration file, or see what one looks like.",
        subcommands: [Check.self, Example.self, Reference.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Say everything that is wrong with a configuration file, each with its place.",
            discussion: "Exits with 1 when something is wrong."
        )
        @Argument(help: "The file.")
        var file: String

        func run() async throws {
            let (problems, deprecations) = await ConfigurationFile.check(path: file)
            for deprecation in deprecations {
                warn("\(deprecation.spelling) is deprecated; write \(deprecation.replacement)")
            }
            guard !problems.isEmpty else { return print("\(file) is fine") }
            for problem in problems { print(problem) }
            throw ExitCode(1)
        }
    }

    struct Example: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "example",
            abstract: "Print a configuration file of a hosted installation, to start from.",
            discussion: "Its secrets are in files of their own; docs/callers.md tells how to make them."
        )

        func run() throws {
            print(ConfigurationFile.example, terminator: "")
        }
    }
    struct Reference: ParsableCommand {
        /// What the documentation has a generated table of.
        enum Subject: String, ExpressibleByArgument, CaseIterable { case settings, metrics }

        static let configuration = CommandConfiguration(
            commandName: "reference",
            abstract: "Print the tables of docs/configuration.md or of docs/operations.md.",
            shouldDisplay: false
        )
        @Argument(help: "What to print the tables of.")
        var subject = Subject.settings

        func run() throws {
            switch subject {
            case .settings: print(SettingsReference.markdown, terminator: "")
            case .metrics: print(MetricsReference.markdown, terminator: "")
            }
        }
    }
}
