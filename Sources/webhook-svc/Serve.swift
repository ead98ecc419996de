import ArgumentParser
import Configuration
import Foundation
import Logging
import ServerConfiguration
import ServiceLifecycle
import UnixSignals
import WebhookServer

/// `webhook-svc serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve Webhook.svc and SoPrincipal.svc under Remote/Services85...88, and REST under api/v1.",
        discussion: """
            Every setting can be given as a flag, as an environment variable (WEBHOOK_SVC_RETRY_DELAYS) or as a member of \
            the configuration file (retryDelays), in this order of precedence. Durations are written 300ms, 15s, 5m, 6h, 3d.

            SIGHUP reads the listener's certificate anew. SIGTERM and SIGINT stop the service: /readyz says 503, \
            calls are taken until the drain delay is over, what is in flight is finished, and it exits with 0; five \
            seconds after the shutdown timeout whatever is left is cut off.
            """
    )

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let settings: ServerSettings
        do {
            settings = try await options.settings()
        } catch {
            throw failure(error.description, code: 64)
        }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = settings.logLevel
            return handler
        }
        let logger = Logger(label: "webhook-svc")
        for deprecation in settings.deprecations {
            logger.warning(
                "a setting has a deprecated spelling; use the new one",
                metadata: ["deprecated": "\(deprecation.spelling)", "new": "\(deprecation.replacement)"]
            )
        }
        // A trial ends with its terminal, as any program does.
        let isTrial = settings.isDevelopment && settings.certificate == nil
        let hangUps = await UnixSignalsSequence(trapping: isTrial ? [] : [.sighup])
        let server = WebhookServer(settings: settings, logger: logger, reloads: hangUps.map { _ in () })
        let shutdownTime = settings.drainDelay + settings.shutdownTimeout
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                // Services are stopped from the last to the first, each when the one before it has ended.
                .init(service: Deadline(time: shutdownTime + .seconds(6))),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // A service that does not end by itself after its drain is cut off.
        configuration.maximumGracefulShutdownDuration = shutdownTime + .seconds(5)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            throw failure("\(error)", code: 1)
        }
    }
}

/// Ends the process when what was to end by itself, and then was cut off, has not ended.
private struct Deadline: Service {
    /// From the signal.
    let time: Duration

    func run() async throws {
        try await gracefulShutdown()
        let seconds = time / .seconds(1)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
            FileHandle.standardError.write(Data("webhook-svc: still busy \(Int(seconds)) s after the signal\n".utf8))
            // Without what else would be done at an exit: that may wait for the very thread that hangs.
            _exit(1)
        }
    }
}
