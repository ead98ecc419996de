// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode, imports internal unless marked, and warnings that CI takes for errors.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// The package of each product that a target uses.
let packages = [
    "ArgumentParser": "swift-argument-parser",
    "AsyncHTTPClient": "async-http-client",
    "Configuration": "swift-configuration",
    "CoreMetrics": "swift-metrics",
    "Crypto": "swift-crypto",
    "GRDB": "GRDB.swift",
    "GRDBSQLite": "GRDB.swift",
    "HTTPTypes": "swift-http-types",
    "Hummingbird": "hummingbird",
    "HummingbirdCore": "hummingbird",
    "Logging": "swift-log",
    "NIOCore": "swift-nio",
    "NIOEmbedded": "swift-nio",
    "NIOHTTP1": "swift-nio",
    "NIOHTTPCompression": "swift-nio-extras",
    "NIOHTTPTypesHTTP1": "swift-nio-extras",
    "NIOPosix": "swift-nio",
    "NIOSSL": "swift-nio-ssl",
    "NIOTLS": "swift-nio",
    "ServiceLifecycle": "swift-service-lifecycle",
    "ServiceLifecycleTestKit": "swift-service-lifecycle",
    "UnixSignals": "swift-service-lifecycle",
]

extension [Target.Dependency] {
    /// The targets of this package and the products of others that have these names.
    init(named names: [String]) {
        self = names.map { name in packages[name].map { .product(name: name, package: $0) } ?? .target(name: name) }
    }
}

extension Target {
    static func library(
        _ name: String,
        path: String? = nil,
        uses names: [String] = [],
        resources: [Resource]? = nil
    ) -> Target {
        .target(
            name: name,
            dependencies: .init(named: names),
            path: path,
            resources: resources,
            swiftSettings: settings
        )
    }

    static func command(_ name: String, path: String? = nil, uses names: [String]) -> Target {
        .executableTarget(name: name, dependencies: .init(named: names), path: path, swiftSettings: settings)
    }

    static func tests(_ name: String, uses names: [String], exclude: [String] = []) -> Target {
        .testTarget(name: name, dependencies: .init(named: names), exclude: exclude, swiftSettings: settings)
    }

    static func system(_ name: String, pkgConfig: String? = nil, apt package: String? = nil) -> Target {
        .systemLibrary(name: name, pkgConfig: pkgConfig, providers: package.map { [.apt([$0])] })
    }
}

let package = Package(
    name: "webhook-svc",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "webhook-svc", targets: ["webhook-svc"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .system("CLibXML2", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
        .system("CLibPQ", pkgConfig: "libpq", apt: "libpq-dev"),
        .system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        .system("CMalloc"),
        .system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        .library("Text"),
        .library("Networking", uses: ["Text"]),
        .library("JSON", uses: ["Text"]),
        .library("XML", uses: ["CLibXML2", "Text"]),
        .library("SOAP", uses: ["Networking", "XML"]),
        .library("Cryptography", uses: ["COpenSSL", "Text"]),
        .library("WebhookModel", uses: ["JSON", "Networking", "Text"]),
        .library("StoreContracts", uses: ["Networking", "Text", "WebhookModel"]),
        .library("LogThrottling", uses: ["Logging"]),
        .library(
            "AgentCore",
            uses: ["LogThrottling", "Networking", "StoreContracts", "Text", "WebhookModel", "Logging"]
        ),
        .library("AdminModel", uses: ["AgentCore", "JSON", "Networking", "StoreContracts", "WebhookModel"]),
        .library("StoreSupport", uses: ["StoreContracts", "WebhookModel"]),
        .library("MemoryStorage", uses: ["StoreContracts", "StoreSupport", "Text", "WebhookModel"]),
        .library("DatabaseFiles", uses: ["StoreContracts"]),
        .library(
            "SQLiteStorage",
            uses: [
                "DatabaseFiles", "StoreContracts", "StoreSupport", "Text", "WebhookModel", "GRDB", "GRDBSQLite",
                "Logging",
            ]
        ),
        .library("PostgreSQLClient", uses: ["CLibPQ", "LogThrottling", "StoreContracts", "StoreSupport", "Logging"]),
        .library("PostgreSQLInstallation", uses: ["PostgreSQLClient", "StoreContracts", "StoreSupport", "Logging"]),
        .library(
            "PostgreSQLQueue",
            uses: ["PostgreSQLClient", "PostgreSQLInstallation", "StoreContracts", "StoreSupport", "WebhookModel"]
        ),
        .library(
            "PostgreSQLStorage",
            uses: [
                "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "StoreContracts", "StoreSupport",
                "Text", "WebhookModel", "Logging", "ServiceLifecycle",
            ]
        ),
        .library(
            "Stores",
            uses: [
                "MemoryStorage", "PostgreSQLClient", "PostgreSQLStorage", "SQLiteStorage", "StoreContracts",
                "StoreSupport", "Logging",
            ]
        ),
        .library("ServiceMetrics", uses: ["CoreMetrics"]),
        .library("NameResolution", uses: ["NIOCore"]),
        .library(
            "DeliveryTransport",
            uses: [
                "Cryptography", "NameResolution", "Networking", "Text", "WebhookModel", "NIOCore", "NIOHTTP1",
                "NIOPosix", "NIOSSL", "NIOTLS",
            ]
        ),
        .library(
            "WebhookDelivery",
            uses: [
                "Cryptography", "DeliveryTransport", "LogThrottling", "Networking", "ServiceMetrics", "StoreContracts",
                "Text", "WebhookModel", "CoreMetrics", "Logging", "ServiceLifecycle",
            ]
        ),
        .library("WSDL", path: "WSDL", resources: [.embedInCode("SoPrincipal.wsdl"), .embedInCode("Webhook.wsdl")]),
        .library("HTTPRouting", uses: ["Networking", "Text", "HTTPTypes"]),
        .library(
            "ListenerCertificates",
            uses: ["Cryptography", "Logging", "NIOCore", "NIOPosix", "NIOSSL", "ServiceLifecycle"]
        ),
        .library("RequestDecoding", uses: ["CZlib", "Text", "NIOCore", "NIOHTTP1"]),
        .library(
            "HTTPServing",
            uses: [
                "ListenerCertificates", "Networking", "RequestDecoding", "Text", "HTTPTypes", "HummingbirdCore",
                "Logging",
                "NIOCore", "NIOHTTP1", "NIOHTTPTypesHTTP1", "NIOSSL", "ServiceLifecycle",
            ]
        ),
        .library("RequestOrigins", uses: ["Networking", "HTTPTypes", "NIOCore"]),
        .library(
            "NetServerSOAP",
            uses: [
                "AgentCore", "HTTPServing", "Networking", "RequestOrigins", "SOAP", "StoreContracts", "Text", "WSDL",
                "WebhookModel", "XML", "HummingbirdCore", "NIOCore",
            ]
        ),
        .library("PrometheusMetrics", uses: ["ServiceMetrics", "StoreContracts", "WebhookModel", "CoreMetrics"]),
        .library(
            "NetServerREST",
            uses: [
                "AgentCore", "Cryptography", "HTTPRouting", "HTTPServing", "JSON", "NetServerSOAP", "Networking",
                "PrometheusMetrics", "RequestOrigins", "SOAP", "Text", "WebhookModel", "XML", "HTTPTypes",
                "HummingbirdCore", "NIOCore",
            ],
            resources: [.embedInCode("openapi.json")]
        ),
        .library(
            "AdminServing",
            uses: [
                "AdminModel", "AgentCore", "Cryptography", "DeliveryTransport", "HTTPRouting", "HTTPServing", "JSON",
                "LogThrottling", "Networking", "RequestOrigins", "StoreContracts", "Text", "WebhookDelivery",
                "WebhookModel", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "ServiceLifecycle",
            ]
        ),
        .library(
            "ServerConfiguration",
            uses: [
                "AgentCore", "Cryptography", "DeliveryTransport", "HTTPServing", "JSON", "ListenerCertificates",
                "NetServerSOAP", "Networking", "RequestOrigins", "StoreContracts", "Stores", "Text", "WebhookDelivery",
                "WebhookModel", "Configuration", "Logging",
            ],
            resources: [.embedInCode("example.json")]
        ),
        .library(
            "WebhookServer",
            uses: [
                "AdminServing", "AgentCore", "CMalloc", "Cryptography", "DeliveryTransport", "HTTPRouting",
                "HTTPServing", "JSON", "ListenerCertificates", "LogThrottling", "NetServerREST", "NetServerSOAP",
                "Networking", "PostgreSQLInstallation", "PrometheusMetrics", "RequestOrigins", "SOAP", "SQLiteStorage",
                "ServerConfiguration", "StoreContracts", "Stores", "Text", "WebhookDelivery", "WebhookModel", "XML",
                "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "NIOPosix", "ServiceLifecycle",
            ]
        ),
        .library(
            "Conformance",
            uses: [
                "Networking", "XML", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOHTTPCompression", "NIOPosix",
                "NIOSSL",
            ]
        ),
        .command(
            "webhook-svc",
            uses: [
                "AdminModel", "AgentCore", "Conformance", "Cryptography", "Networking", "ServerConfiguration",
                "ServiceMetrics", "Text", "WebhookServer", "ArgumentParser", "AsyncHTTPClient", "Configuration",
                "HTTPTypes", "Hummingbird", "Logging", "NIOCore", "NIOHTTP1", "ServiceLifecycle", "UnixSignals",
            ]
        ),
        // A sample for users, who have no reason to build on this package's own modules.
        .command(
            "sample-receiver",
            path: "Tests/Interop/receivers/swift",
            uses: ["Crypto", "HTTPTypes", "Hummingbird", "Logging", "NIOCore"]
        ),
        .command(
            "measured-operations",
            path: "Benchmarks/MeasuredOperations",
            uses: [
                "AgentCore", "Cryptography", "DeliveryTransport", "HTTPServing", "MemoryStorage", "NetServerSOAP",
                "Networking", "RequestOrigins", "SOAP", "StoreContracts", "WebhookModel", "HTTPTypes", "Logging",
                "NIOCore", "NIOEmbedded", "NIOHTTP1",
            ]
        ),
        .library("TestSupport", path: "Tests/TestSupport", uses: ["JSON", "SOAP", "WebhookModel", "XML", "Logging"]),
        .library(
            "StoreConformance",
            path: "Tests/StoreConformance",
            uses: ["StoreContracts", "StoreSupport", "TestSupport", "WebhookModel"]
        ),
        .library(
            "PostgreSQLTestSupport",
            path: "Tests/PostgreSQLTestSupport",
            uses: ["PostgreSQLClient", "PostgreSQLQueue", "PostgreSQLStorage", "Logging"]
        ),
        .tests("TextTests", uses: ["Text"]),
        .tests("NetworkingTests", uses: ["Networking"]),
        .tests("JSONTests", uses: ["JSON", "TestSupport", "Text"]),
        .tests("XMLTests", uses: ["TestSupport", "XML"]),
        .tests("SOAPTests", uses: ["Networking", "SOAP", "TestSupport", "XML"]),
        .tests("CryptographyTests", uses: ["Cryptography", "TestSupport"]),
        .tests("WebhookModelTests", uses: ["JSON", "Networking", "TestSupport", "WebhookModel"]),
        .tests("StoreContractsTests", uses: ["AgentCore", "StoreContracts", "TestSupport", "WebhookModel"]),
        .tests("LogThrottlingTests", uses: ["LogThrottling", "TestSupport", "Logging"]),
        .tests(
            "AgentCoreTests",
            uses: [
                "AgentCore", "LogThrottling", "MemoryStorage", "StoreContracts", "TestSupport", "Text", "WebhookModel",
                "Logging",
            ]
        ),
        .tests("AdminModelTests", uses: ["AdminModel", "JSON", "StoreContracts", "WebhookModel"]),
        .tests(
            "StoreSupportTests",
            uses: ["StoreConformance", "StoreContracts", "StoreSupport", "TestSupport", "WebhookModel"]
        ),
        .tests(
            "MemoryStorageTests",
            uses: ["AgentCore", "MemoryStorage", "StoreConformance", "StoreContracts", "TestSupport", "WebhookModel"]
        ),
        .tests("DatabaseFilesTests", uses: ["DatabaseFiles", "StoreContracts", "TestSupport"]),
        .tests(
            "SQLiteStorageTests",
            uses: [
                "DatabaseFiles", "SQLiteStorage", "StoreConformance", "StoreContracts", "StoreSupport", "TestSupport",
                "WebhookModel",
                "GRDB",
            ]
        ),
        .tests("PostgreSQLClientTests", uses: ["PostgreSQLClient", "StoreContracts", "StoreSupport", "TestSupport"]),
        .tests(
            "PostgreSQLStorageTests",
            uses: [
                "AgentCore", "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "PostgreSQLStorage",
                "PostgreSQLTestSupport", "StoreConformance", "StoreContracts", "StoreSupport", "TestSupport",
                "WebhookModel", "Logging", "ServiceLifecycle", "ServiceLifecycleTestKit",
            ]
        ),
        .tests(
            "StoresTests",
            uses: [
                "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "PostgreSQLStorage",
                "PostgreSQLTestSupport", "SQLiteStorage", "StoreConformance", "StoreContracts", "Stores", "TestSupport",
                "WebhookModel",
            ]
        ),
        .tests("ServiceMetricsTests", uses: ["ServiceMetrics"]),
        .tests(
            "DeliveryTransportTests",
            uses: [
                "DeliveryTransport", "NameResolution", "Networking", "TestSupport", "WebhookModel", "NIOCore",
                "NIOEmbedded", "NIOHTTP1", "NIOPosix", "NIOSSL",
            ]
        ),
        .tests(
            "WebhookDeliveryTests",
            uses: [
                "AgentCore", "DeliveryTransport", "MemoryStorage", "SQLiteStorage", "StoreContracts", "TestSupport",
                "WebhookDelivery", "WebhookModel", "CoreMetrics", "Logging", "ServiceLifecycleTestKit",
            ]
        ),
        .tests("HTTPRoutingTests", uses: ["HTTPRouting", "HTTPTypes"]),
        .tests("ListenerCertificatesTests", uses: ["ListenerCertificates"]),
        .tests("RequestDecodingTests", uses: ["CZlib", "RequestDecoding", "NIOCore", "NIOEmbedded", "NIOHTTP1"]),
        .tests(
            "HTTPServingTests",
            uses: [
                "HTTPServing", "Networking", "RequestDecoding", "TestSupport", "HTTPTypes", "HummingbirdCore",
                "NIOCore",
                "NIOEmbedded", "NIOHTTP1",
            ]
        ),
        .tests("RequestOriginsTests", uses: ["Networking", "RequestOrigins", "HTTPTypes", "NIOCore"]),
        .tests(
            "NetServerSOAPTests",
            uses: [
                "AgentCore", "NetServerSOAP", "Networking", "SOAP", "TestSupport", "WebhookModel", "XML", "HTTPTypes",
                "HummingbirdCore", "NIOCore",
            ]
        ),
        .tests("PrometheusMetricsTests", uses: ["PrometheusMetrics", "ServiceMetrics", "CoreMetrics"]),
        .tests(
            "NetServerRESTTests",
            uses: [
                "AgentCore", "HTTPRouting", "JSON", "NetServerREST", "StoreContracts", "TestSupport", "WebhookModel",
                "HTTPTypes",
            ]
        ),
        .tests(
            "AdminServingTests",
            uses: [
                "AdminServing", "AgentCore", "HTTPRouting", "StoreContracts", "TestSupport", "WebhookModel",
                "HTTPTypes", "HummingbirdCore",
            ]
        ),
        .tests(
            "ServerConfigurationTests",
            uses: [
                "AgentCore", "Cryptography", "DeliveryTransport", "HTTPServing", "NetServerSOAP", "Networking",
                "ServerConfiguration", "StoreContracts", "Stores", "WebhookModel", "Configuration",
            ]
        ),
        .tests(
            "WebhookServerTests",
            uses: [
                "AdminServing", "AgentCore", "Conformance", "Cryptography", "HTTPRouting", "HTTPServing", "JSON",
                "NetServerREST", "NetServerSOAP", "Networking", "ServerConfiguration", "ServiceMetrics",
                "StoreContracts", "Stores", "TestSupport", "WSDL", "WebhookDelivery", "WebhookModel", "WebhookServer",
                "XML", "AsyncHTTPClient", "HTTPTypes", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix",
                "ServiceLifecycleTestKit",
            ],
            exclude: ["Contract/Digests", "Samples"]
        ),
        .tests(
            "ConformanceTests",
            uses: ["Conformance", "XML", "NIOCore", "NIOHTTP1", "NIOHTTPCompression", "NIOPosix"]
        ),
    ],
    swiftLanguageModes: [.v6]
)
