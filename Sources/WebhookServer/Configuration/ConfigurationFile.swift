package import Configuration
import Foundation

/// The configuration file: a JSON object whose members are settings by name.
package struct ConfigurationFile: Decodable, Sendable {
    /// The settings in it.
    package let values: [AbsoluteConfigKey: ConfigValue]

    /// Reads the file at `path`. Throws ``SettingsError`` naming the file and the key.
    package static func read(path: String) throws(SettingsError) -> ConfigurationFile {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SettingsError("config", "the file '\(path)' cannot be read")
        }
        do {
            return try JSONDecoder().decode(ConfigurationFile.self, from: data)
        } catch let error as SettingsError {
            throw SettingsError("config", "'\(path)': \(error.description)")
        } catch {
            throw SettingsError("config", "'\(path)' is not a JSON object")
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for key in container.allKeys {
            guard let setting = Setting(rawValue: key.stringValue) else {
                throw SettingsError(key.stringValue, "there is no such setting")
            }
            guard let content = Self.content(container, key) else {
                throw SettingsError(key.stringValue, "its value must be text, a whole number, true or false")
            }
            values[AbsoluteConfigKey([setting.rawValue])] = ConfigValue(content, isSecret: setting == .adminToken)
        }
        self.values = values
    }

    private static func content(_ container: KeyedDecodingContainer<Key>, _ key: Key) -> ConfigContent? {
        if let flag = try? container.decode(Bool.self, forKey: key) { return .bool(flag) }
        if let number = try? container.decode(Int.self, forKey: key) { return .int(number) }
        return (try? container.decode(String.self, forKey: key)).map(ConfigContent.string)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
