package import Configuration

/// One setting of `serve`: its names, its value, and what people read about it.
///
/// ``all`` lists the settings. Flags, environment variables, members of the configuration file, `serve --help`,
/// `config check` and the documentation's table come from that list.
package struct Setting: Sendable {
    /// The value that holds where none is given.
    package struct Default: Sendable, Hashable {
        /// As help shows it: `6h`, or words such as `none`.
        package let text: String
        /// Whether ``text`` is a value that could be given.
        package let isValue: Bool
        /// The value that holds with `--dev`; nil where it is the same.
        package let development: String?
    }

    /// The name in the configuration file: `retryDelays`.
    package let key: String
    /// An older name that still works; nil where there is none.
    package let deprecatedKey: String?
    /// Older values that still work, and what they are now.
    let deprecatedValues: [String: String]
    /// What a value is, in help: `duration`; nil for a switch, which is given without a value.
    package let valueName: String?
    /// The value that holds where none is given.
    package let defaultValue: Default
    /// One sentence without its full stop, for `serve --help` and the documentation; Markdown.
    package let help: String
    /// More sentences, for the documentation alone; Markdown.
    package let note: String
    /// Whether the value may be `file:PATH` and is kept out of logs.
    package let isSecret: Bool
    /// Whether the value may hold a password, so that a wrong one is not repeated.
    let mayHoldPassword: Bool
    let form: SettingForm
    /// Parses a text and puts its value into settings.
    let set: @Sendable (String, inout ServerSettings) throws(SettingValueError) -> Void

    /// The flag without its dashes: `retry-delays`.
    package var flag: String { Self.flag(of: key) }

    /// The environment variable: `WEBHOOK_SVC_RETRY_DELAYS`.
    package var variable: String { Self.variable(of: key) }

    /// The flag of a setting with that key.
    package static func flag(of key: String) -> String { words(key).joined(separator: "-") }

    static func variable(of key: String) -> String { "WEBHOOK_SVC_" + words(key).joined(separator: "_").uppercased() }

    var configurationKey: AbsoluteConfigKey { AbsoluteConfigKey([key]) }

    /// `retryDelays` → `retry`, `delays`.
    private static func words(_ key: String) -> [String] {
        key.reduce(into: [""]) { words, character in
            if character.isUppercase { words.append("") }
            words[words.endIndex - 1] += character.lowercased()
        }
    }

    /// The setting whose ``key`` or ``deprecatedKey`` that is; nil where there is none.
    package static func named(_ key: String) -> Setting? { byKey[key] }

    private static let byKey = Dictionary(
        uniqueKeysWithValues: all.flatMap { setting in
            [setting.key, setting.deprecatedKey].compactMap { key in key.map { ($0, setting) } }
        }
    )

    /// The sentence in `serve --help`, with the default and without Markdown.
    package var helpLine: String {
        let help = help.filter { $0 != "`" }
        guard valueName != nil else { return help + "." }
        let development = defaultValue.development.map { ", with --dev \($0)" } ?? ""
        return "\(help) (default: \(defaultValue.text)\(development))."
    }
}

extension Setting {
    /// Describes a setting whose value goes to `path`.
    ///
    /// - Parameters:
    ///   - path: Where the value goes. The value there in fresh settings is the default.
    ///   - deprecatedKey: An older name that still works.
    ///   - deprecatedValues: Older values that still work, and what they are now.
    ///   - defaultText: Says the default in words; nil to show the value itself.
    init<Value>(
        _ key: String,
        _ path: any WritableKeyPath<ServerSettings, Value> & Sendable,
        _ kind: SettingKind<Value>,
        formerly deprecatedKey: String? = nil,
        formerValues deprecatedValues: [String: String] = [:],
        default defaultText: String? = nil,
        mayHoldPassword: Bool = false,
        help: String,
        note: String = ""
    ) {
        let text = defaultText ?? kind.text(ServerSettings()[keyPath: path])
        self.init(
            key,
            kind,
            valueName: kind.isSwitch ? nil : kind.valueName,
            formerly: deprecatedKey,
            formerValues: deprecatedValues,
            default: Default(text: text, isValue: defaultText == nil, development: nil),
            mayHoldPassword: mayHoldPassword,
            texts: (help, note)
        ) { value, settings in settings[keyPath: path] = value }
    }

    /// Describes a setting that may be left out: `path` is nil then.
    ///
    /// - Parameters:
    ///   - deprecatedKey: An older name that still works.
    ///   - defaultText: Says what holds then.
    ///   - isValue: Whether `defaultText` could be given.
    ///   - development: What holds then with `--dev`, where it is something else.
    init<Value>(
        _ key: String,
        optional path: any WritableKeyPath<ServerSettings, Value?> & Sendable,
        _ kind: SettingKind<Value>,
        formerly deprecatedKey: String? = nil,
        default defaultText: String,
        isValue: Bool = false,
        development: String? = nil,
        mayHoldPassword: Bool = false,
        help: String,
        note: String = ""
    ) {
        self.init(
            key,
            kind,
            valueName: kind.valueName,
            formerly: deprecatedKey,
            default: Default(text: defaultText, isValue: isValue, development: development),
            mayHoldPassword: mayHoldPassword,
            texts: (help, note)
        ) { value, settings in settings[keyPath: path] = value }
    }

    /// Describes a setting whose values `put` writes into settings.
    private init<Value>(
        _ key: String,
        _ kind: SettingKind<Value>,
        valueName: String?,
        formerly deprecatedKey: String?,
        formerValues deprecatedValues: [String: String] = [:],
        default defaultValue: Default,
        mayHoldPassword: Bool,
        texts: (help: String, note: String),
        put: @escaping @Sendable (Value, inout ServerSettings) -> Void
    ) {
        self.init(
            key: key,
            deprecatedKey: deprecatedKey,
            deprecatedValues: deprecatedValues,
            valueName: valueName,
            defaultValue: defaultValue,
            help: texts.help,
            note: texts.note,
            isSecret: kind.isSecret,
            mayHoldPassword: mayHoldPassword || kind.isSecret,
            form: kind.form,
            set: { text, settings throws(SettingValueError) in put(try kind.parse(text), &settings) }
        )
    }
}

extension Setting {
    /// Puts the value that `configuration` holds, if any, into `settings`. Throws ``SettingsError`` for one that will not do.
    func read(_ configuration: ConfigReader, into settings: inout ServerSettings) async throws(SettingsError) {
        let text: String?
        let key = ConfigKey([key])
        do {
            switch form {
            case .text: text = try await configuration.fetchString(forKey: key)
            case .truth: text = try await configuration.fetchBool(forKey: key).map { String($0) }
            case .wholeNumber: text = try await configuration.fetchInt(forKey: key).map { String($0) }
            }
        } catch {
            throw refusal("its value must be \(form.name)")
        }
        guard let text else { return }
        if let replacement = deprecatedValues[text] {
            settings.deprecations.append(
                Deprecation(spelling: "\(self.key)=\(text)", replacement: "\(self.key)=\(replacement)")
            )
        }
        do throws(SettingValueError) {
            try set(deprecatedValues[text] ?? text, &settings)
        } catch {
            switch error {
            case .problem(let problem): throw refusal(problem)
            case .isNot(let expected):
                let shown = mayHoldPassword && text.contains("@") ? "its value" : "'\(text)'"
                throw refusal("\(shown) is not \(expected)")
            }
        }
    }

    /// What a flag gives. Throws ``SettingValueError`` for a text that is no value of the setting's form.
    package func content(of text: String) throws(SettingValueError) -> ConfigContent {
        let content: ConfigContent? =
            switch form {
            case .text: .string(text)
            case .truth: Bool(text).map { .bool($0) }
            case .wholeNumber: Int(text).map { .int($0) }
            }
        guard let content else { throw .problem("it must be \(form.name)") }
        return content
    }

    private func refusal(_ problem: String) -> SettingsError { SettingsError(flag, problem) }
}
