/// The documentation's tables of settings.
package enum SettingsReference {
    /// A heading and a table in Markdown for each section.
    package static var markdown: String {
        Setting.sections.map { section in
            let rows = section.settings.map { "| \(flag($0)) | \(defaultText($0)) | \(meaning($0)) |" }
            let head = ["### \(section.title)", "", "| flag | default | meaning |", "| --- | --- | --- |"]
            return (head + rows).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func flag(_ setting: Setting) -> String {
        "`--\(setting.flag)\(setting.valueName.map { " \($0.uppercased())" } ?? "")`"
    }

    private static func defaultText(_ setting: Setting) -> String {
        let value = setting.defaultValue
        let text = value.isValue ? "`\(value.text)`" : value.text
        return text + (value.development.map { ", with `--dev` \(value.isValue ? "`\($0)`" : $0)" } ?? "")
    }

    private static func meaning(_ setting: Setting) -> String {
        let old = setting.deprecatedKey.map { "Formerly `--\(Setting.flag(of: $0))`." } ?? ""
        return ([setting.help + "."] + [setting.note, old].filter { !$0.isEmpty }).joined(separator: " ")
    }
}
