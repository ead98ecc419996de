import HTTPServing
import SOAP
import WebhookModel

/// Writes GetAllWebhooks' answer.
struct WebhookListWriter: ListWriter {
    var writer: AnswerWriter
    let element: String
    let number: ServiceNumber

    mutating func write(_ webhook: Webhook) { Webhook.write(webhook, "Webhook", for: number, to: &writer.values) }

    mutating func end() {
        writer.values.end("Response")
        writer.endAnswer(element)
    }

    mutating func take() -> [UInt8] { writer.values.take() }
}
