import ArgumentParser
import Configuration
import ServerConfiguration

extension Option where Value == GivenSetting? {
    /// The flag of the setting with that key. Its name and its help come from the setting; that of a deprecated key is hidden.
    init(_ key: String) {
        guard let setting = Setting.named(key) else { preconditionFailure("no setting is named \(key)") }
        self.init(
            name: .customLong(Setting.flag(of: key)),
            help: ArgumentHelp(
                setting.helpLine,
                valueName: setting.valueName,
                visibility: key == setting.key ? .default : .hidden
            ),
            transform: { GivenSetting(setting, key: key, content: try setting.content(of: $0)) }
        )
    }
}

/// A setting that is a flag without a value.
struct SettingSwitch: EnumerableFlag, CustomStringConvertible {
    let setting: Setting

    static let allCases = Setting.all.filter { $0.valueName == nil }.map { SettingSwitch(setting: $0) }

    static func == (one: SettingSwitch, other: SettingSwitch) -> Bool { one.setting.key == other.setting.key }

    static func name(for value: SettingSwitch) -> NameSpecification { .customLong(value.setting.flag) }

    static func help(for value: SettingSwitch) -> ArgumentHelp? { ArgumentHelp(value.setting.helpLine) }

    var description: String { setting.key }

    /// The setting, given.
    var given: GivenSetting { GivenSetting(setting, key: setting.key, content: .bool(true)) }
}
