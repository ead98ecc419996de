import SOAP

/// What `GetSystemInfo` tells of the installation: the version that is emulated, what keeps its state, the tenant; the
/// rest are constants (docs/callers.md#getsysteminfo).
package struct SystemInfo: Sendable {
    private let version: String
    private let databaseType: String

    /// Creates the information.
    ///
    /// - Parameters:
    ///   - version: The version of NetServer that is emulated.
    ///   - databaseType: What keeps the state.
    package init(version: String, databaseType: String) {
        (self.version, self.databaseType) = (version, databaseType)
    }

    /// When licences end: never.
    private static let never = "2099-12-31T00:00:00Z"
    private static let description = "NetServer's Webhook service, emulated by webhook-svc"

    /// Writes a `SoSystemInfoCarrier` for a tenant.
    func write(_ name: String, tenant: String, to writer: inout XMLValueWriter) {
        writer.begin(name, .service("SoSystemInfoCarrier"))
        writer.writeCarrierMembers()
        writeLicense(tenant: tenant, to: &writer)
        writer.string("WarningEnglish", "")
        writer.string("WarningResource", "")
        writer.string("BranchName", "")
        writer.string("BuildLabel", version)
        writer.string("AssemblyVersion", version)
        writer.value("AccumulatedNextCheckDate", .schema("dateTime"), Self.never)
        writer.string("FileVersion", version)
        writer.string("Description", Self.description)
        writer.int("DaysUntilNetServerExpiry", 9999)
        writer.value("BuildType", .service("NetServerBuildType"), "Release")
        writer.int("DatabaseVersion", 0)
        writer.boolean("IsUnicode", true)
        writer.string("CompanyName", tenant)
        writer.int("CompanyId", 1)
        writer.string("DatabaseType", databaseType)
        writer.string("DatabaseMinor", "")
        writer.string("DatabaseName", tenant)
        writer.boolean("IsOnTravel", false)
        writer.boolean("IsSatellite", false)
        writer.end(name)
    }

    /// A licence that never ends, and that nobody signed.
    private func writeLicense(tenant: String, to writer: inout XMLValueWriter) {
        writer.begin("License", .service("LicenseInfo"))
        writer.string("CompanyName", tenant)
        writer.string("SerialNr", "0")
        writer.string("OwnerName", tenant)
        writer.string("OwnerDescription", "")
        for name in ["NextCheckDate", "MaintenanceDate", "AdminWarningDate", "ExpiryDate", "GraceDate"] {
            writer.value(name, .schema("dateTime"), Self.never)
        }
        writer.int("ExtraFlags", 0)
        writer.string("LicenseUrl", "")
        writer.string("LicenseVersion", "")
        writer.int("DeploymentType", 0)
        writer.string("ProductType", "")
        writer.string("ProductDescription", "")
        writer.begin("ModuleLicenses", .service("ArrayOfModuleLicense"))
        writer.end("ModuleLicenses")
        writer.null("PublicKey")
        writer.string("Signature", "")
        writer.end("License")
    }
}
