/// A setting that the service does not start with. One line that names the setting, its value and what would do.
package struct SettingsError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The line: setting, colon, what is wrong.
    package let description: String

    /// A problem with a setting.
    package init(_ setting: String, _ problem: String) {
        description = "\(setting): \(problem)"
    }
}
