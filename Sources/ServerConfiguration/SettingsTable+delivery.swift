import AgentCore
import DeliveryTransport
import Foundation
import Networking
import StoreContracts
import Text
import WebhookDelivery

extension Setting {
    static let targets: [Setting] = [
        Setting(
            "requireHttpsTargets",
            optional: \.choices.requiresHTTPS,
            .truth,
            formerly: "requireHttps",
            default: "true",
            isValue: true,
            development: "false",
            help: "Whether targets must be `https`"
        ),
        Setting(
            "verifyTargetCertificates",
            \.sending.validatesHTTPS,
            .truth,
            formerly: "validateHttps",
            help: "Whether `https` targets need a valid certificate"
        ),
        Setting(
            "verifyTarget",
            \.rules.verifiesTarget,
            .truth,
            help: "Whether saving first sends a test event to the target",
            note: "No test event is sent for a webhook that is saved as Stopped."
        ),
        Setting(
            "allowPrivateTargets",
            optional: \.choices.privateTargets,
            .ranges,
            formerly: "allowTargets",
            default: "none",
            development: "all",
            help: "Address ranges that targets may be in although not public",
            note: "For example `10.1.0.0/16,fd00::/8`."
        ),
        Setting(
            "caFile",
            optional: \.sending.authoritiesFile,
            .text("file", expecting: "a file that can be read") { path in
                FileManager.default.isReadableFile(atPath: path) ? path : nil
            },
            default: "none",
            help: "PEM file of authorities to trust beside the system's"
        ),
        Setting(
            "proxy",
            optional: \.sending.proxy,
            .text("url", expecting: "the http URL of a proxy, such as http://10.0.0.5:3128") { text in
                TargetURL(text).flatMap { $0.isTLS || $0.path != "/" ? nil : $0 }
            },
            default: "none",
            mayHoldPassword: true,
            help: "HTTP proxy that all notifications go through",
            note: "It may hold `user:password@`."
        ),
    ]

    static let delivery: [Setting] = [
        Setting(
            "sendFieldValues",
            \.rules.sendsFieldValues,
            .truth,
            help: "Whether deliveries carry the event's values as `FieldValues`",
            note: "State events then carry what they tell of their webhook."
        ),
        Setting(
            "deliveryProfile",
            \.choices.profile,
            .choice("profile"),
            help: "Policy of delivery: `netserver` or `durable`",
            note: "[Profiles](delivery.md#profiles) says what each does."
        ),
        Setting(
            "successStatus",
            optional: \.choices.success,
            .choice("status"),
            default: "the profile's",
            help: "Statuses that mean delivered: `200` or `2xx`",
            note: "They count on saving and testing too."
        ),
        Setting(
            "retryDelays",
            optional: \.choices.retryDelays,
            .durations,
            default: DurationText.text(of: cycles.delays),
            isValue: true,
            help: "Waits between the attempts of a cycle"
        ),
        Setting(
            "retryCycles",
            optional: \.choices.retryCycles,
            .number(1...1000),
            default: String(cycles.count),
            isValue: true,
            help: "Cycles of attempts before a delivery fails"
        ),
        Setting(
            "cycleDelay",
            optional: \.choices.cycleDelay,
            .duration,
            default: DurationText.text(of: cycles.pause),
            isValue: true,
            help: "Wait between two cycles"
        ),
        Setting(
            "disableAfterFailures",
            optional: \.choices.failureLimit,
            .number(0...1_000_000),
            formerly: "failureLimit",
            default: "the profile's",
            help: "Failed attempts in a row, and over time, that make a webhook TooManyErrors; `0` for never",
            note:
                "The row must have lasted as long as that many attempts of one delivery take ([failures](delivery.md#failures))."
        ),
        Setting(
            "missedEvents",
            \.rules.missedEvents,
            .choice("what"),
            help: "What becomes of events for a webhook that is TooManyErrors: `record`, `park` or `drop`",
            note: "[States](delivery.md#states-of-a-delivery) says what each does."
        ),
        Setting(
            "deliveryTimeout",
            \.sending.timeout,
            .duration.requiring("it must be more than 0 and at most 10m") { $0 > .zero && $0 <= .seconds(600) },
            help: "Time for one attempt, from connecting to the end of the answer",
            note: "It is at most `10m`. Looking up the target's name has 5 s of its own."
        ),
        Setting(
            "deliveryConcurrency",
            \.delivery.concurrency,
            .number(1...10_000),
            help: "Deliveries in flight at most"
        ),
        Setting(
            "targetConcurrency",
            \.delivery.perTarget,
            .number(1...10_000),
            help: "Deliveries in flight to one target at most",
            note: "After a failed attempt they are 2, until one succeeds."
        ),
    ]

    static let history: [Setting] = [
        Setting(
            "attemptRetention",
            \.attemptRetention,
            .duration,
            help: "How long attempts are kept on record"
        ),
        Setting(
            "attemptLimit",
            \.attemptLimit,
            .number(0...1_000_000_000),
            help: "Attempts kept on record at most"
        ),
        Setting(
            "failedRetention",
            \.failedRetention,
            .duration,
            help: "How long failed and missed deliveries are kept",
            note: "They can be replayed as long."
        ),
    ]

    /// What profile `netserver` waits for.
    private static var cycles: (delays: [Duration], count: Int, pause: Duration) {
        if case .cycles(let delays, let count, let pause) = DeliveryPolicy.netServer.schedule {
            (delays, count, pause)
        } else {
            preconditionFailure("NetServer delivers in cycles")
        }
    }
}
