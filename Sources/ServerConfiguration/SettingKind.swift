import Foundation
import Networking
import Stores
import Text

/// How sources write a value.
enum SettingForm: Sendable, Hashable {
    case text
    case truth
    case wholeNumber(ClosedRange<Int>)

    /// For messages.
    var name: String {
        switch self {
        case .text: "text"
        case .truth: "true or false"
        case .wholeNumber(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

/// Why a text is no value of a setting.
package enum SettingValueError: Error, CustomStringConvertible {
    /// The value is not what is expected, in words that follow "is not".
    case isNot(String)
    /// What is wrong, in words that follow the setting's name.
    case problem(String)

    /// What is wrong, without the value.
    package var description: String {
        switch self {
        case .isNot(let expected): "it is not \(expected)"
        case .problem(let problem): problem
        }
    }
}

/// How the values of a setting are written, parsed and shown.
struct SettingKind<Value: Sendable>: Sendable {
    let form: SettingForm
    /// What a value is, in help.
    let valueName: String
    var isSwitch = false
    var isSecret = false
    let parse: @Sendable (String) throws(SettingValueError) -> Value
    /// Writes a value as it could be given.
    let text: @Sendable (Value) -> String

    /// A kind whose values `parse` reads; nil is refused as not being what is expected.
    static func text(
        _ valueName: String,
        expecting expected: String,
        show: @escaping @Sendable (Value) -> String = { "\($0)" },
        parse: @escaping @Sendable (String) -> Value?
    ) -> SettingKind {
        SettingKind(
            form: .text,
            valueName: valueName,
            parse: { text throws(SettingValueError) in
                guard let value = parse(text) else { throw .isNot(expected) }
                return value
            },
            text: show
        )
    }

    /// The same with one more condition on values.
    func requiring(_ problem: String, _ condition: @escaping @Sendable (Value) -> Bool) -> SettingKind {
        SettingKind(
            form: form,
            valueName: valueName,
            parse: { text throws(SettingValueError) in
                let value = try parse(text)
                guard condition(value) else { throw .problem(problem) }
                return value
            },
            text: self.text
        )
    }
}

extension SettingKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of some words.
    static func choice(_ valueName: String) -> SettingKind {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return .text(valueName, expecting: "one of \(names)", show: \.rawValue) { Value(rawValue: $0) }
    }
}

extension SettingKind<String> {
    /// Any text.
    static func anyText(_ valueName: String) -> SettingKind { .text(valueName, expecting: "text") { $0 } }
}

extension SettingKind<Bool> {
    /// `true` or `false`.
    static var truth: SettingKind {
        SettingKind(
            form: .truth,
            valueName: "bool",
            parse: { text throws(SettingValueError) in text == "true" },
            text: { "\($0)" }
        )
    }

    /// A flag without a value; the environment and the file give it as `true` or `false`.
    static var `switch`: SettingKind {
        var kind = truth
        kind.isSwitch = true
        return kind
    }
}

extension SettingKind<Int> {
    /// A whole number.
    static func number(_ range: ClosedRange<Int>, _ valueName: String = "count") -> SettingKind {
        let form = SettingForm.wholeNumber(range)
        return SettingKind(
            form: form,
            valueName: valueName,
            parse: { text throws(SettingValueError) in
                guard let value = Int(text), range.contains(value) else { throw .isNot(form.name) }
                return value
            },
            text: { "\($0)" }
        )
    }
}

extension SettingKind<Duration> {
    /// A duration of any length.
    static var duration: SettingKind {
        .text("duration", expecting: "a duration such as 300ms, 15s or 6h", show: DurationText.text(of:)) {
            DurationText.parse($0)
        }
    }

    /// A duration that lies in `range`.
    static func duration(from least: Duration = .zero, to most: Duration) -> SettingKind {
        let (from, to) = (DurationText.text(of: least), DurationText.text(of: most))
        return duration.requiring(least == .zero ? "it must be at most \(to)" : "it must be from \(from) to \(to)") {
            $0 >= least && $0 <= most
        }
    }

    /// A duration that is not 0.
    static var positiveDuration: SettingKind { duration.requiring("it must be more than 0") { $0 > .zero } }
}

extension SettingKind<[Duration]> {
    /// Durations with commas between them.
    static var durations: SettingKind {
        .text(
            "durations",
            expecting: "durations such as 1s,4s",
            show: DurationText.text(of:),
            parse: DurationText.parseList
        )
    }
}

extension SettingKind<[AddressRange]> {
    /// Ranges of addresses with commas between them.
    static var ranges: SettingKind {
        .text("ranges", expecting: "address ranges such as 10.1.0.0/16,fd00::/8") { text in
            let parts = text.split(separator: ",")
            let ranges = parts.compactMap { AddressRange(String($0.trimmingPrefix(" "))) }
            return ranges.count == parts.count ? ranges : nil
        }
    }
}

extension SettingKind<String?> {
    /// A secret, or `file:PATH` of the file that holds it; an empty text is none.
    static func secret(_ valueName: String) -> SettingKind {
        SettingKind(
            form: .text,
            valueName: valueName,
            isSecret: true,
            parse: { text throws(SettingValueError) in
                guard !text.isEmpty else { return nil }
                do throws(SecretReference.ReferenceError) {
                    let secret = try SecretReference.resolve(text)
                    guard secret.isEmpty else { return secret }
                } catch {
                    throw .problem(error.problem)
                }
                throw .problem("it is empty")
            },
            text: { _ in "" }
        )
    }
}

extension SettingKind<StoreLocation> {
    /// Where state is kept.
    static var store: SettingKind {
        SettingKind(
            form: .text,
            valueName: "url",
            parse: { text throws(SettingValueError) in
                do throws(StoreLocation.ParseError) {
                    return try StoreLocation(text)
                } catch {
                    throw .problem(error.description)
                }
            },
            text: \.display
        )
    }
}
