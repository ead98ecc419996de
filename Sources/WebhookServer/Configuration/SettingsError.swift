/// A setting that the service does not start with. One line that names the setting, its value and what would do.
package struct SettingsError: Error, CustomStringConvertible, Sendable, Equatable {
    package let description: String

    package init(_ setting: String, _ problem: String) {
        description = "\(setting): \(problem)"
    }
}
