package import AgentCore
package import Configuration
import Foundation
import JSON

/// The configuration file: a JSON object whose members are settings by name and, beside them, `tenants`.
package struct ConfigurationFile: Sendable {
    /// The settings in it.
    package private(set) var values: [AbsoluteConfigKey: ConfigValue] = [:]
    /// The tenants in it; nil when it names none. On-site their one may have no identifier.
    package private(set) var tenants: [Tenant]?
    /// Everything that is wrong with its members, each with its place; what else a setting's value must be is
    /// ``ServerSettings``' to say.
    package private(set) var problems: [SettingsError] = []
    /// The deprecated names in it.
    package private(set) var deprecations: [Deprecation] = []

    /// Reads the file at `path`. Throws ``SettingsError`` when it cannot be read or is not a JSON object, with the line.
    package init(path: String) throws(SettingsError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SettingsError("config", "the file '\(path)' cannot be read")
        }
        let node: JSONValue
        do {
            node = try Self.reader.read([UInt8](data))
        } catch {
            throw SettingsError("config", "'\(path)' is not JSON: \(error)")
        }
        guard case .object(let members) = node else {
            throw SettingsError("config", "'\(path)' is not a JSON object")
        }
        let directory = URL(filePath: path).deletingLastPathComponent()
        for (key, value) in members.map({ ($0.name, $0.value) }) {
            if key == "tenants" {
                var reader = TenantsReader(directory: directory)
                let read = reader.tenants(value)
                problems += reader.problems
                // Identifiers that were refused are not judged again as part of an installation.
                let isList = if case .array = value { true } else { false }
                tenants = isList ? read : Self.faultlessTenants
            } else if let setting = Setting.named(key) {
                if key != setting.key {
                    deprecations.append(Deprecation(spelling: key, replacement: setting.key))
                    guard !members.contains(where: { $0.name == setting.key }) else {
                        problems.append(SettingsError(key, "it is the old name of \(setting.key), which is there too"))
                        continue
                    }
                }
                read(value, of: setting, directory: directory)
            } else {
                problems.append(SettingsError(key, "there is no such setting"))
            }
        }
    }

    /// Tenants may have many users. Of two members with one name, only one would count.
    private static let reader = JSONReader(limits: .init(values: 10_000_000), refusesDuplicates: true)

    /// Would do for an installation of either kind.
    private static let faultlessTenants = [Tenant(id: Installation.defaultTenant)]

    private mutating func read(_ value: JSONValue, of setting: Setting, directory: URL) {
        let content: ConfigContent
        switch value {
        case .bool(let flag): content = .bool(flag)
        case .number(let text):
            guard let number = Int(text) else { return refuse(setting) }
            content = .int(number)
        case .string(let text):
            do {
                content = .string(
                    setting.isSecret ? try SecretReference.resolve(text, relativeTo: directory) : text
                )
            } catch {
                problems.append(SettingsError(setting.key, error.problem))
                return
            }
        default: return refuse(setting)
        }
        if setting.isSecret, case .string("") = content {
            problems.append(SettingsError(setting.key, "it is empty"))
        }
        values[setting.configurationKey] = ConfigValue(content, isSecret: setting.isSecret)
    }

    private mutating func refuse(_ setting: Setting) {
        problems.append(SettingsError(setting.key, "its value must be text, a whole number, true or false"))
    }

    /// A file of a hosted installation to start from; every member of a tenant is in it.
    package static let example = String(decoding: PackageResources.example_json, as: UTF8.self)

    /// Reads the file at `path` as the only source of settings, and tells everything that is wrong with it, with the place of
    /// each, and which deprecated spellings are in it.
    package static func check(path: String) async -> (problems: [SettingsError], deprecations: [Deprecation]) {
        let file: ConfigurationFile
        do {
            file = try ConfigurationFile(path: path)
        } catch {
            return ([error], [])
        }
        let sources = SettingSources(flags: [], environment: [:], file: file)
        let (settings, problems) = await ServerSettings.read(sources.reader, tenants: file.tenants)
        let named = problems.map { problem in
            let setting = Setting.all.first { $0.flag == problem.setting }
            return SettingsError(setting?.key ?? problem.setting, problem.problem)
        }
        return (
            file.problems + named.filter { new in !file.problems.contains { $0.setting == new.setting } },
            file.deprecations + settings.deprecations
        )
    }
}
