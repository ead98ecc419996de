import Foundation
import Networking
import Text
import WebhookModel

/// The rules that a webhook must pass (docs/contract.md#section-6), stated as field and fault, so that a caller learns
/// of all of them at once.
struct WebhookValidation {
    private(set) var faults: [StringDictionary.Entry] = []

    /// Everything that saving asks for.
    static func saving(_ webhook: Webhook, rules: AgentRules) -> WebhookValidation {
        var validation = WebhookValidation()
        if webhook.eventKeys.isEmpty {
            validation.refuse("Events", "At least one event name is needed, such as contact.created.")
        }
        validation.checkSizes(webhook)
        validation.checkTarget(webhook, rules: rules)
        validation.checkHeaders(webhook)
        return validation
    }

    /// What testing asks for.
    static func testing(_ webhook: Webhook, rules: AgentRules) -> WebhookValidation {
        var validation = WebhookValidation()
        validation.checkSizes(webhook)
        validation.checkTarget(webhook, rules: rules)
        validation.checkHeaders(webhook)
        return validation
    }

    /// Throws when something was refused.
    func check() throws(AgentError) {
        guard !faults.isEmpty else { return }
        let text = faults.map { "\($0.key): \($0.value ?? "")" }.joined(separator: " ")
        throw AgentError(.validation, "The webhook is not valid. " + text, friendlyText: text, parameters: faults)
    }

    private mutating func refuse(_ field: String, _ fault: String) {
        faults.append(.init(key: field, value: fault))
    }

    /// How much a webhook may hold. All of it is kept, and some of it copied, for every event that it is told of.
    private enum Size {
        static let textBytes = 4096
        static let events = 1000
        static let eventNameBytes = 512
        static let headers = 100
        static let properties = 1000
        static let bodyBytes = 64 << 10
        static let recipients = 100
        /// In an envelope each level takes two elements, of which there may be 64 in each other.
        static let levels = 24
    }

    private mutating func checkSizes(_ webhook: Webhook) {
        let texts = [
            ("Name", webhook.name), ("TargetUrl", webhook.targetURL), ("Secret", webhook.secret),
            ("Type", webhook.type), ("ErrorsEmail", webhook.extras.errorsEmail),
            ("Description", webhook.extras.description),
        ]
        for (field, text) in texts {
            guard let text else { continue }
            if text.utf8.count > Size.textBytes { refuse(field, "It is longer than \(Size.textBytes) bytes.") }
            // Databases end a text there.
            if field != "TargetUrl", text.utf8.contains(0) { refuse(field, "It holds the character U+0000.") }
        }
        checkSizes(webhook.extras)
        if webhook.events?.count ?? 0 > Size.events { refuse("Events", "There are more than \(Size.events).") }
        if webhook.events?.contains(where: { $0?.utf8.count ?? 0 > Size.eventNameBytes }) ?? false {
            refuse("Events", "A name is longer than \(Size.eventNameBytes) bytes.")
        }
        if webhook.events?.contains(where: { $0?.utf8.contains(0) ?? false }) ?? false {
            refuse("Events", "A name holds the character U+0000.")
        }
        if webhook.properties?.entries.contains(where: { $0.key.utf8.contains(0) }) ?? false {
            refuse("Properties", "A name holds the character U+0000.")
        }
        if let name = webhook.properties?.indistinctNames.first {
            refuse("Properties", "Two names are shown as \(Excerpt.quoted(name)) to clients that read XML.")
        }
        if webhook.headers?.entries.count ?? 0 > Size.headers {
            refuse("Headers", "There are more than \(Size.headers).")
        }
        let isLong: (StringDictionary.Entry) -> Bool = { entry in
            max(entry.key.utf8.count, entry.value?.utf8.count ?? 0) > Size.textBytes
        }
        if webhook.headers?.entries.contains(where: isLong) ?? false {
            refuse("Headers", "A name or a value is longer than \(Size.textBytes) bytes.")
        }
        if let properties = webhook.properties, properties.depth > Size.levels {
            refuse("Properties", "They nest deeper than \(Size.levels) levels.")
        }
        if webhook.properties?.entries.count ?? 0 > Size.properties {
            refuse("Properties", "There are more than \(Size.properties).")
        } else if EventBody.suffix(of: webhook).count > Size.bodyBytes {
            refuse("Properties", "With the name they take more than \(Size.bodyBytes) bytes in a notification.")
        }
    }

    private mutating func checkSizes(_ extras: WebhookExtras) {
        let items = (extras.errorAssociates ?? []).map(\.contents)
        let lists = [
            ("ErrorEmails", extras.errorEmails?.count ?? 0, (extras.errorEmails ?? []).compactMap(\.self)),
            ("ErrorAssociates", items.map(\.items).reduce(0, +), items.flatMap(\.texts)),
        ]
        for (field, count, texts) in lists {
            if count > Size.recipients { refuse(field, "There are more than \(Size.recipients).") }
            if texts.contains(where: { $0.utf8.count > Size.textBytes }) {
                refuse(field, "A text is longer than \(Size.textBytes) bytes.")
            }
            if texts.contains(where: { $0.utf8.contains(0) }) { refuse(field, "A text holds the character U+0000.") }
        }
    }

    private mutating func checkTarget(_ webhook: Webhook, rules: AgentRules) {
        guard let target = webhook.targetURL, !target.isEmpty else {
            return refuse("TargetUrl", "A target is needed.")
        }
        guard webhook.isDeliverable else { return }
        let url: TargetURL
        do throws(TargetURL.ParseError) {
            url = try TargetURL(parsing: target)
        } catch {
            return refuse("TargetUrl", error.text)
        }
        if rules.requiresHTTPS, !url.isTLS {
            refuse("TargetUrl", "It must be an https URL\(rules.httpsRemedy.map { " (\($0))" } ?? "").")
        }
    }

    private mutating func checkHeaders(_ webhook: Webhook) {
        for header in webhook.headers?.entries ?? [] {
            // The documentation's sample has one without a name, which is not sent.
            guard header.key.utf8.allSatisfy(Self.isTokenByte) else {
                refuse("Headers", "\(Excerpt.quoted(header.key)) is not a name that an HTTP header can have.")
                continue
            }
            // Control characters would let a header end and another begin.
            guard (header.value ?? "").unicodeScalars.allSatisfy({ $0 == "\t" || $0.value >= 0x20 && $0.value != 0x7F })
            else {
                refuse("Headers", "The value of \(Excerpt.quoted(header.key)) holds a control character.")
                continue
            }
        }
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
