import ArgumentParser

/// The command line.
@main
struct WebhookSvc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook-svc",
        abstract:
            "NetServer's Webhook service over SOAP and REST: stores webhooks, sends signed notifications.",
        version: "0.1.0",
        subcommands: [
            Serve.self, Sink.self, Deliveries.self, Webhooks.self, Tickets.self, Store.self, HashPassword.self,
            Config.self, Conform.self,
        ]
    )

    static func main() async {
        CrashSignals.prepare()
        await main(nil)
    }
}
