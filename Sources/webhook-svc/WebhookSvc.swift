import ArgumentParser
@main struct WebhookSvc: AsyncParsableCommand { func run() async throws {} }
