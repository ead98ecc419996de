import AgentCore
import ArgumentParser
import Conformance
import Foundation
import Networking
import ServerConfiguration

/// `webhook-svc conform`: plays fixtures against an installation.
struct Conform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conform",
        abstract:
            "Play the fixtures against a NetServer, or what is meant to be one, and say where its answers differ.",
        discussion: """
            Exit codes: 0 all is as expected; 1 there are differences; 2 there was no connection or no login, or the run \
            did not come to its end. It deletes the webhooks that it saved.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, junit
    }

    @Option(
        help: .value(
            "url",
            "The installation: what stands before /Remote, such as http://127.0.0.1:8087 or https://HOST/Cust12345."
        )
    )
    var target: String
    @Option(help: .value("dir", "Directory of the fixtures."))
    var fixtures = "./Fixtures"
    @Option(help: .value("ticket", "A valid ticket, or file:PATH of it, in place of a login."))
    var ticket: String?
    @Option(help: .value("token", "An application token, or file:PATH of it; hosted installations need one."))
    var token: String?
    @Option(help: .value("name", "Log in as this user first, and play the logins."))
    var user: String?
    @Option(
        help: .value(
            "password",
            "The user's password, or file:PATH of it; better WEBHOOK_SVC_PASSWORD in the environment."
        )
    )
    var password: String?
    @Flag(help: "Use the credentials of NetServer's documentation, which serve --dev takes.")
    var dev = false
    @Option(
        help: .value(
            "url",
            "URL under which the target reaches the receiver that this command starts (default: this machine)."
        )
    )
    var sinkUrl: String?
    @Option(help: .value("host:port", "Where that receiver listens (default: 127.0.0.1, any free port)."))
    var sinkListen = "127.0.0.1:0"
    @Option(
        help: .value(
            "text",
            "Only scenarios with this in their name, of this form, or with this operation or step. May be repeated."
        )
    )
    var only: [String] = []
    @Option(help: .value("text", "Not those; login-failures takes minutes, because a service slows guessing down."))
    var skip: [String] = []
    @Option(help: "How to print what came of it: table, json or junit.")
    var format = Format.table
    @Option(help: .value("dir", "Save the answers as fixtures in this new directory."))
    var record: String?
    @Option(help: .value("seconds", "How long one exchange may take, in seconds."))
    var timeout = 60
    @Option(help: .value("file", "PEM file of authorities to trust beside the system's."))
    var caFile: String?

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds.") }
        guard HostPort(sinkListen) != nil else {
            throw ValidationError("--sink-listen takes HOST:PORT, such as 127.0.0.1:9000.")
        }
        guard ticket == nil || user == nil else { throw ValidationError("Give --ticket or --user, not both.") }
        guard password == nil || user != nil else { throw ValidationError("--password needs --user.") }
        guard user == nil || givenPassword != nil else {
            throw ValidationError("--user needs --password, or WEBHOOK_SVC_PASSWORD in the environment.")
        }
        _ = try credentials()
        guard (only + skip).allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--only and --skip take a text.") }
        guard dev || ticket != nil || user != nil else {
            throw ValidationError("Give --user and --password, or --ticket; against 'serve --dev', --dev is enough.")
        }
        if let sinkUrl {
            guard (try? ConformanceTarget(sinkUrl)) != nil, !sinkUrl.contains("?"), !sinkUrl.contains("#") else {
                throw ValidationError("--sink-url takes an absolute http or https URL without a query.")
            }
        } else if let target = try? ConformanceTarget(target), !target.isLoopback {
            throw ValidationError(
                "\(target.base) cannot reach a receiver on this machine's loopback address: give --sink-url, the URL of "
                    + "this machine as the target sees it, and --sink-listen."
            )
        }
    }

    func run() async throws {
        var report = ConformanceReport(target: target)
        do {
            try await run(&report)
        } catch let error as ConformanceError {
            report.error = error.description
        }
        switch format {
        case .table: print(ConformTable.summary(of: report))
        case .json: print(String(decoding: try report.json(), as: UTF8.self))
        case .junit: print(String(decoding: report.junit, as: UTF8.self), terminator: "")
        }
        if let error = report.error { throw failure(error, code: 2) }
        if report.count(.differs) > 0 { throw ExitCode(1) }
    }

    private func run(_ report: inout ConformanceReport) async throws {
        let target = try ConformanceTarget(target)
        let directory = URL(filePath: fixtures, directoryHint: .isDirectory)
        let manifest = try FixtureManifest.load(from: directory)
        try manifest.checkContents(in: directory)
        let selection = try ConformSelection(manifest, in: directory, only: only, skip: skip)
        guard !selection.isEmpty else {
            throw failure("No scenario or capture is left: see --only and --skip.", code: 64)
        }
        let credentials = try credentials()
        let empty = ConformanceReport(target: target.base)
        report = try await ConformanceClient.with(
            target: target,
            timeout: .seconds(timeout),
            authorityFile: caFile
        ) { client in
            try await client.connect()
            let ticket =
                if let user = credentials.user, credentials.ticket == nil {
                    try await client.logIn(user: user.name, password: user.password, token: credentials.token)
                } else {
                    credentials.ticket ?? ""
                }
            try await client.tryOut(ticket: ticket, token: credentials.token)
            return try await ConformSink.with(listen: sinkListen, url: sinkUrl) { sink in
                let variables = FixtureVariables(
                    ticket: ticket,
                    token: credentials.token,
                    user: credentials.user?.name,
                    password: credentials.user?.password,
                    target: sink.accepting,
                    badTarget: sink.failing,
                    run: sink.run
                )
                let run = ConformRun(
                    player: ConformancePlayer(client: client, fixtures: directory, variables: variables),
                    selection: selection,
                    fixtures: directory,
                    recording: record.map { URL(filePath: $0, directoryHint: .isDirectory) },
                    isShown: format == .table
                )
                return try await run.play(empty) {
                    try await client.removeWebhooks(
                        run: sink.run,
                        to: sink.base,
                        ticket: ticket,
                        token: credentials.token
                    )
                }
            }
        }
    }

    // MARK: Credentials

    private struct Credentials {
        var ticket: String?
        var token: String
        var user: (name: String, password: String)?
    }

    private func credentials() throws -> Credentials {
        var credentials = Credentials(token: dev ? Installation.Documented.applicationToken : "none")
        if let token { credentials.token = try secret(token, of: "--token") }
        if let ticket { credentials.ticket = try secret(ticket, of: "--ticket") }
        if let user {
            credentials.user = (user, try secret(givenPassword ?? "", of: "--password"))
        } else if dev, ticket == nil {
            credentials.user = (Installation.Documented.userName, Installation.Documented.password)
        }
        return credentials
    }

    private var givenPassword: String? {
        password ?? ProcessInfo.processInfo.environment["WEBHOOK_SVC_PASSWORD"]
    }

}
