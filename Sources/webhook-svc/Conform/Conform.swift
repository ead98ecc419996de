import ArgumentParser
import Conformance
import Cryptography
import Foundation
import UnixSignals

/// `webhook-svc conform`: plays fixtures against an installation.
struct Conform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Play the fixtures against a NetServer, or what is meant to be one, and say where its answers differ.",
        discussion: """
            Exit codes: 0 all is as expected, 1 there are differences, 2 there was no connection or no login. \
            It deletes the webhooks that it saved.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, junit
    }

    @Option(
        help: ArgumentHelp(
            "The installation: what stands before /Remote, such as http://127.0.0.1:8087 or https://HOST/Cust12345.",
            valueName: "url"
        )
    )
    var target: String
    @Option(help: ArgumentHelp("Directory of the fixtures.", valueName: "dir"))
    var fixtures = "./Fixtures"
    @Option(help: ArgumentHelp("A valid ticket, in place of a login.", valueName: "ticket"))
    var ticket: String?
    @Option(help: ArgumentHelp("An application token; hosted installations need one.", valueName: "token"))
    var token: String?
    @Option(help: ArgumentHelp("Log in as this user first, and play the logins.", valueName: "name"))
    var user: String?
    @Option(
        help: ArgumentHelp(
            "The user's password, or file:PATH of it; better WEBHOOK_SVC_PASSWORD in the environment.",
            valueName: "password"
        )
    )
    var password: String?
    @Flag(help: "Use the credentials of NetServer's documentation, which serve --dev takes.")
    var dev = false
    @Option(
        help: ArgumentHelp(
            "URL under which the target reaches the receiver that this command starts (default: this machine).",
            valueName: "url"
        )
    )
    var sinkUrl: String?
    @Option(
        help: ArgumentHelp("Where that receiver listens (default: 127.0.0.1, any free port).", valueName: "host:port")
    )
    var sinkListen = "127.0.0.1:0"
    @Option(
        help: ArgumentHelp(
            "Only scenarios with this in their name, of this form or with this operation. May be repeated.",
            valueName: "text"
        )
    )
    var only: [String] = []
    @Option(
        help: ArgumentHelp(
            "Not those; login-failures takes minutes, because a service slows guessing down.",
            valueName: "text"
        )
    )
    var skip: [String] = []
    @Option(help: "How to print what came of it: table, json or junit.")
    var format = Format.table
    @Option(help: ArgumentHelp("Save the answers as fixtures in this new directory.", valueName: "dir"))
    var record: String?
    @Option(help: ArgumentHelp("How long one exchange may take, in seconds.", valueName: "seconds"))
    var timeout = 60
    @Option(help: ArgumentHelp("PEM file of authorities to trust beside the system's.", valueName: "file"))
    var caFile: String?

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds.") }
        guard HostPort(sinkListen) != nil else {
            throw ValidationError("--sink-listen takes HOST:PORT, such as 127.0.0.1:9000.")
        }
        guard ticket == nil || user == nil else { throw ValidationError("Give --ticket or --user, not both.") }
        guard dev || ticket != nil || user != nil else {
            throw ValidationError("Give --user and --password, or --ticket; against 'serve --dev', --dev is enough.")
        }
        if let sinkUrl {
            guard (try? ConformanceTarget(sinkUrl)) != nil else {
                throw ValidationError("--sink-url takes an absolute http or https URL.")
            }
        } else if let target = try? ConformanceTarget(target), !target.isLoopback {
            throw ValidationError(
                "\(target.base) cannot reach a receiver on this machine's loopback address: give --sink-url, the URL of "
                    + "this machine as the target sees it, and --sink-listen."
            )
        }
    }

    func run() async throws {
        do {
            let report = try await play()
            switch format {
            case .table: print(ConformTable.summary(of: report))
            case .json: print(String(decoding: try report.json(), as: UTF8.self))
            case .junit: print(String(decoding: report.junit, as: UTF8.self), terminator: "")
            }
            if report.count(.differs) > 0 { throw ExitCode(1) }
        } catch let error as ConformanceError {
            throw failure(error.description, code: 2)
        }
    }

    private func play() async throws -> ConformanceReport {
        let target = try ConformanceTarget(target)
        let directory = URL(filePath: fixtures, directoryHint: .isDirectory)
        let manifest = try FixtureManifest.load(from: directory)
        let selection = try ConformSelection(manifest, only: only, skip: skip)
        let credentials = try credentials()
        return try await ConformanceClient.with(
            target: target,
            timeout: .seconds(timeout),
            authorityFile: caFile
        ) { client in
            try await client.connect()
            let ticket: String
            switch (credentials.ticket, credentials.user) {
            case (let given?, _): ticket = given
            case (nil, let user?):
                ticket = try await client.logIn(user: user.name, password: user.password, token: credentials.token)
            case (nil, nil): throw ConformanceError.loginFailed(reason: "there is neither a ticket nor a user")
            }
            return try await ConformSink.with(listen: sinkListen, url: sinkUrl) { sink in
                var variables = FixtureVariables([
                    "ticket": ticket, "token": credentials.token, "target": sink.accepting,
                    "badTarget": sink.failing, "run": sink.run,
                ])
                variables["user"] = credentials.user?.name
                variables["password"] = credentials.user?.password
                let player = ConformancePlayer(client: client, fixtures: directory, variables: variables)
                var report = try await interruptible {
                    try await play(selection, player, directory, ConformanceReport(target: target.base))
                }
                report.removedWebhooks = await cleanUp(client, sink.base, ticket, credentials.token)
                return report
            }
        }
    }

    private func play(
        _ selection: ConformSelection,
        _ player: ConformancePlayer,
        _ directory: URL,
        _ empty: ConformanceReport
    ) async throws -> ConformanceReport {
        var report = empty
        var recording = try record.map { path in
            try FixtureRecording(into: URL(filePath: path, directoryHint: .isDirectory), from: directory)
        }
        for scenario in selection.scenarios where !Task.isCancelled {
            if format == .table { print(ConformTable.head(of: scenario)) }
            var played: [ConformancePlayer.Played] = []
            try await player.play(scenario) { step in
                played.append(step)
                report.add(step.exchange)
                if format == .table { print(ConformTable.lines(of: step.exchange)) }
            }
            try recording?.add(scenario, played)
        }
        if format == .table, !selection.captures.isEmpty { print(ConformTable.headOfCaptures) }
        for capture in selection.captures where !Task.isCancelled {
            let exchange = try await player.play(capture)
            report.add(exchange)
            if format == .table { print(ConformTable.lines(of: exchange)) }
        }
        try recording?.finish()
        for line in recording?.unrecorded ?? [] { warn("not recorded: \(line)") }
        return report
    }

    /// What scenarios that went wrong, and captures, left behind; also after an interrupt.
    private func cleanUp(_ client: ConformanceClient, _ receiver: String, _ ticket: String, _ token: String) async
        -> Int?
    {
        let removal = Task { try await client.removeWebhooks(to: receiver, ticket: ticket, token: token) }
        switch await removal.result {
        case .success(let count): return count
        case .failure(let error):
            warn("webhooks to \(receiver) may be left, since they could not be deleted: \(error)")
            return nil
        }
    }

    /// Runs `body`, which is cancelled when the process is told to stop, to its end.
    private func interruptible<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let result = ended { return result }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    // MARK: Credentials

    private struct Credentials {
        var ticket: String?
        var token: String
        var user: (name: String, password: String)?
    }

    private func credentials() throws -> Credentials {
        var credentials = Credentials(ticket: ticket, token: token ?? (dev ? Self.documentedToken : "none"))
        if let user {
            guard let password = password ?? ProcessInfo.processInfo.environment["WEBHOOK_SVC_PASSWORD"] else {
                throw ValidationError("--user needs --password, or WEBHOOK_SVC_PASSWORD in the environment.")
            }
            credentials.user = (user, try secret(password, of: "--password"))
        } else if dev, ticket == nil {
            credentials.user = Self.documentedUser
        }
        return credentials
    }

    /// Of NetServer's documentation (design.md, One process).
    private static let documentedToken = "1234567-1234-9876"
    private static let documentedUser = ("tje0", "Tje0")
}

/// What is played of a manifest.
struct ConformSelection {
    let scenarios: [FixtureScenario]
    let captures: [FixtureRawRequest]

    /// Throws a `ValidationError` when nothing is left.
    init(_ manifest: FixtureManifest, only: [String], skip: [String]) throws {
        func isAmong(_ texts: [String], _ names: [String]) -> Bool {
            texts.contains { text in names.contains { $0.lowercased().contains(text.lowercased()) } }
        }
        func isWanted(_ names: [String]) -> Bool {
            (only.isEmpty || isAmong(only, names)) && !isAmong(skip, names)
        }
        scenarios = manifest.scenarios.filter { isWanted([$0.name, $0.form.rawValue] + $0.steps.map(\.name)) }
        captures = manifest.raw.filter { isWanted([$0.file, $0.operation]) }
        guard !scenarios.isEmpty || !captures.isEmpty else {
            throw ValidationError("No scenario or capture is left: see --only and --skip.")
        }
    }
}
