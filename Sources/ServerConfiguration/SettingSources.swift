package import Configuration

/// A spelling of a setting that still works, but has a new one.
package struct Deprecation: Sendable, Hashable {
    /// As it is given: `--allow-targets`, `WEBHOOK_SVC_ALLOW_TARGETS`, `allowTargets`, `installation=online`.
    package let spelling: String
    /// What to write in its place, in the same form.
    package let replacement: String
}

/// A setting as a flag gives it.
package struct GivenSetting: Sendable {
    /// The setting.
    package let setting: Setting
    /// ``Setting/key``, or ``Setting/deprecatedKey``, whichever the flag was derived from.
    package let key: String
    /// The value.
    package let content: ConfigContent

    /// Creates a given setting.
    package init(_ setting: Setting, key: String, content: ConfigContent) {
        (self.setting, self.key, self.content) = (setting, key, content)
    }
}

/// The three sources of settings: flags go before the environment, and the environment before the configuration file.
package struct SettingSources {
    let reader: ConfigReader
    let file: ConfigurationFile?
    let deprecations: [Deprecation]

    /// Puts sources together. Of two spellings of one setting in one source, the new one counts.
    ///
    /// - Parameter file: nil for none.
    package init(flags: [GivenSetting], environment: [String: String], file: ConfigurationFile?) {
        var deprecations: [Deprecation] = []
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for given in flags where given.key != given.setting.key {
            deprecations.append(
                Deprecation(
                    spelling: "--" + Setting.flag(of: given.key),
                    replacement: "--" + given.setting.flag
                )
            )
            values[given.setting.configurationKey] = given.value
        }
        for given in flags where given.key == given.setting.key {
            values[given.setting.configurationKey] = given.value
        }
        var variables = environment
        for setting in Setting.all {
            guard let variable = setting.deprecatedKey.map(Setting.variable(of:)),
                let value = variables.removeValue(forKey: variable)
            else { continue }
            deprecations.append(Deprecation(spelling: variable, replacement: setting.variable))
            if variables[setting.variable] == nil { variables[setting.variable] = value }
        }
        self.file = file
        self.deprecations = deprecations + (file?.deprecations ?? [])
        reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: values),
            EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "webhookSvc"),
            InMemoryProvider(name: "file", values: file?.values ?? [:]),
        ])
    }
}

extension GivenSetting {
    fileprivate var value: ConfigValue { ConfigValue(content, isSecret: setting.isSecret) }
}
