import Foundation

/// The rules that a webhook must pass (contract, section 6), stated as field and fault, so that a caller learns of all of
/// them at once.
struct WebhookValidation {
    private(set) var faults: [StringDictionary.Entry] = []

    /// Everything that saving asks for.
    static func saving(_ webhook: Webhook, rules: AgentRules) -> WebhookValidation {
        var validation = WebhookValidation()
        if webhook.eventKeys.isEmpty {
            validation.refuse("Events", "At least one event name is needed, such as contact.created.")
        }
        validation.checkTarget(webhook, rules: rules)
        validation.checkHeaders(webhook)
        return validation
    }

    /// What testing asks for.
    static func testing(_ webhook: Webhook, rules: AgentRules) -> WebhookValidation {
        var validation = WebhookValidation()
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

    private mutating func checkTarget(_ webhook: Webhook, rules: AgentRules) {
        guard let target = webhook.targetURL, !target.isEmpty else {
            return refuse("TargetUrl", "A target is needed.")
        }
        guard webhook.isDeliverable else { return }
        // Foundation would encode these and carry on.
        guard target.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            return refuse("TargetUrl", "It holds white space or a control character.")
        }
        guard let parts = URLComponents(string: target), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty,
            (parts.port ?? 1) > 0, (parts.port ?? 1) < 65536
        else {
            return refuse("TargetUrl", "It must be an absolute http or https URL.")
        }
        if rules.requiresHTTPS, scheme != "https" {
            refuse("TargetUrl", "It must be an https URL (setting require-https).")
        }
    }

    private mutating func checkHeaders(_ webhook: Webhook) {
        for header in webhook.headers?.entries ?? [] {
            guard header.key.utf8.allSatisfy(Self.isTokenByte) else {
                refuse("Headers", "'\(header.key.prefix(60))' is not a name that an HTTP header can have.")
                continue
            }
            // Control characters would let a header end and another begin.
            guard (header.value ?? "").unicodeScalars.allSatisfy({ $0 == "\t" || $0.value >= 0x20 && $0.value != 0x7F })
            else {
                refuse("Headers", "The value of '\(header.key.prefix(60))' holds a control character.")
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
