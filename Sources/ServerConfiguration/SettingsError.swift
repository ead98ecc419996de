/// A setting that the service does not start with. One line that names the setting, its value and what would do.
package struct SettingsError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The setting, or the place in the configuration file.
    package let setting: String
    /// What is wrong with it.
    package let problem: String

    /// A problem with a setting.
    package init(_ setting: String, _ problem: String) {
        (self.setting, self.problem) = (setting, problem)
    }

    /// The line: setting, colon, what is wrong.
    package var description: String { "\(setting): \(problem)" }
}
