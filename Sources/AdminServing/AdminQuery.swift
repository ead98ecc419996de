import Foundation
import HummingbirdCore
import StoreContracts
import Text
import WebhookModel

/// The parameters of an admin call.
struct AdminQuery {
    /// A parameter that will not do.
    struct ParseError: Error, CustomStringConvertible {
        let description: String
    }

    private let values: [String: String]

    private static let names: Set = [
        "webhookId", "event", "state", "since", "until", "limit", "cursor", "timeout", "tenant", "user", "id", "all",
    ]

    init(_ parameters: FlatDictionary<Substring, Substring>) throws {
        // A filter that is mistyped must not let everything through.
        if let unknown = parameters.first(where: { !Self.names.contains(String($0.key)) }) {
            throw ParseError(description: "there is no parameter \(Excerpt.quoted(unknown.key))")
        }
        // No store keeps such a text, and not every one can be asked for it.
        if let broken = parameters.first(where: { $0.value.utf8.contains(0) }) {
            throw ParseError(description: "\(broken.key): it holds the character U+0000")
        }
        values = Dictionary(
            parameters.map { (String($0.key), String($0.value)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    func filter() throws -> DeliveryFilter {
        let state = try values["state"].map { text in
            guard let state = DeliveryState(rawValue: text) else {
                let names = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
                throw ParseError(description: "state: \(Excerpt.quoted(text)) is not one of \(names)")
            }
            return state
        }
        return DeliveryFilter(
            webhook: try int("webhookId", in: 1...Int(Int32.max)).map(Int32.init),
            event: values["event"],
            state: state,
            since: try time("since"),
            until: try time("until")
        )
    }

    private func time(_ name: String) throws -> Timestamp? {
        try values[name].map { text in
            guard let time = Self.time(text) else {
                throw ParseError(
                    description: "\(name): \(Excerpt.quoted(text)) is not a time such as 2024-06-01T09:30:00Z"
                )
            }
            return time
        }
    }

    /// A time as deliveries are listed with it: in UTC, with up to seven digits after the second.
    private static func time(_ text: String) -> Timestamp? {
        guard let match = text.wholeMatch(of: /([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,7}))?Z/),
            let date = try? Date(match.1 + "Z", strategy: .iso8601)
        else { return nil }
        let digits = match.2.map { $0.padding(toLength: 7, withPad: "0", startingAt: 0) } ?? "0"
        return Int64(digits).map { Timestamp(ticks: Timestamp(date).ticks + $0) }
    }

    func sessions() -> SessionFilter {
        SessionFilter(tenant: values["tenant"], userName: values["user"], id: values["id"])
    }

    func flag(_ name: String) throws -> Bool {
        switch values[name] {
        case nil, "false": return false
        case "true": return true
        case .some(let text):
            throw ParseError(description: "\(name): \(Excerpt.quoted(text)) is neither true nor false")
        }
    }

    func cursor() throws -> DeliveryID? {
        try values["cursor"].map { text in
            guard let id = DeliveryID(text) else {
                throw ParseError(description: "cursor: \(Excerpt.quoted(text)) is not what an earlier answer gave")
            }
            return id
        }
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        try values[name].map { text in
            guard let number = Int(text), range.contains(number) else {
                throw ParseError(
                    description:
                        "\(name): \(Excerpt.quoted(text)) is not a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return number
        }
    }

    func duration(_ name: String) throws -> Duration? {
        try values[name].map { text in
            guard let duration = DurationText.parse(text) else {
                throw ParseError(
                    description: "\(name): \(Excerpt.quoted(text)) is not a duration such as 300ms, 15s or 6h"
                )
            }
            return duration
        }
    }
}
