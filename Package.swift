// swift-tools-version: 6.2
import PackageDescription

/// Every target of this package: Swift 6 language mode, imports internal unless marked, warnings fatal in CI.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycleTestKit = Target.Dependency.product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")

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
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Text", swiftSettings: settings),
        .target(name: "Networking", dependencies: ["Text"], swiftSettings: settings),
        .target(name: "JSON", dependencies: ["Text"], swiftSettings: settings),
        .target(name: "XML", dependencies: ["CLibXML2", "Text"], swiftSettings: settings),
        .target(name: "SOAP", dependencies: ["Networking", "XML"], swiftSettings: settings),
        .target(name: "Cryptography", dependencies: ["COpenSSL", "Text"], swiftSettings: settings),
        .target(name: "WebhookModel", dependencies: ["JSON", "Networking", "Text"], swiftSettings: settings),
        .target(name: "StoreContracts", dependencies: ["Networking", "Text", "WebhookModel"], swiftSettings: settings),
        .target(name: "LogThrottling", dependencies: [logging], swiftSettings: settings),
        .target(
            name: "AgentCore",
            dependencies: ["LogThrottling", "Networking", "StoreContracts", "Text", "WebhookModel", logging],
            swiftSettings: settings
        ),
        .target(
            name: "AdminModel",
            dependencies: ["Networking", "StoreContracts", "WebhookModel"],
            swiftSettings: settings
        ),
        .target(name: "AgentCore", dependencies: ["JSON", "Networking", "Text", logging], swiftSettings: settings),
        .target(name: "AdminModel", dependencies: ["AgentCore", "JSON", "Networking"], swiftSettings: settings),
        .target(name: "AdminModel", dependencies: ["AgentCore", "Networking"], swiftSettings: settings),
        .target(name: "StoreSupport", dependencies: ["AgentCore"], swiftSettings: settings),
        .target(name: "MemoryStorage", dependencies: ["AgentCore", "StoreSupport", "Text"], swiftSettings: settings),
        .target(
            name: "SQLiteStorage",
            dependencies: [
                "CLibPQ", "LogThrottling", "StoreContracts", "Text", "WebhookModel", lifecycle, logging,
                .product(name: "GRDB", package: "GRDB.swift"),
                "AgentCore", "StoreSupport", "Text", logging, .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PostgreSQLClient",
            dependencies: ["AgentCore", "CLibPQ", "StoreSupport", logging],
            swiftSettings: settings
        ),
        .target(
            name: "PostgreSQLInstallation",
            dependencies: ["AgentCore", "PostgreSQLClient", "StoreSupport", logging],
            swiftSettings: settings
        ),
        .target(
            name: "PostgreSQLQueue",
            dependencies: ["AgentCore", "PostgreSQLClient", "PostgreSQLInstallation", "StoreSupport"],
            swiftSettings: settings
        ),
        .target(
            name: "PostgreSQLStorage",
            dependencies: [
                "AgentCore", "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "StoreSupport", "Text",
                lifecycle, logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Stores",
            dependencies: [
                "AgentCore", "MemoryStorage", "PostgreSQLClient", "PostgreSQLStorage", "SQLiteStorage",
                "StoreSupport", logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DeliveryTransport",
            dependencies: [
                "Cryptography", "Networking", "Text", "WebhookModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(name: "ServiceMetrics", dependencies: [metrics], swiftSettings: settings),
        .target(
            name: "WebhookDelivery",
            dependencies: [
                "AgentCore", "Cryptography", "Networking", "ServiceMetrics", "Text", logging, lifecycle, metrics,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                "DeliveryTransport", "LogThrottling", "Networking", "StoreContracts", "WebhookModel", logging,
                lifecycle,
                metrics,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "WSDL",
            path: "WSDL",
            resources: [.embedInCode("Webhook.wsdl"), .embedInCode("SoPrincipal.wsdl")],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPServing",
            dependencies: [
                "CZlib", "Cryptography", "Networking", logging, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "HTTPRouting",
            dependencies: ["Networking", "Text", .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: settings
        ),
        .target(
            name: "NetServerSOAP",
            dependencies: [
                "AgentCore", "HTTPServing", "JSON", "Networking", "SOAP", "Text", "WSDL", "WebhookModel", "XML",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PrometheusMetrics",
            dependencies: ["AgentCore", "ServiceMetrics", metrics],
            swiftSettings: settings
        ),
        .target(
            name: "NetServerREST",
            dependencies: [
                "AgentCore", "Cryptography", "HTTPRouting", "HTTPServing", "JSON", "NetServerSOAP", "Networking",
                "PrometheusMetrics", "SOAP", "Text", "XML",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.embedInCode("openapi.json")],
            swiftSettings: settings
        ),
        .target(
            name: "AdminServing",
            dependencies: [
                "AdminModel", "AgentCore", "Cryptography", "HTTPRouting", "HTTPServing", "JSON", "Networking", "Text",
                "WebhookDelivery", logging, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ServerConfiguration",
            dependencies: [
                "AgentCore", "AgentStores", "Cryptography", "HTTPServing", "JSON", "NetServerSOAP", "Networking",
                "Text", "WebhookDelivery", logging,
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            resources: [.embedInCode("example.json")],
            swiftSettings: settings
        ),
        .target(
            name: "WebhookServer",
            dependencies: [
                "AdminServing", "AgentCore", "AgentStores", "CMalloc", "Cryptography", "HTTPRouting", "HTTPServing",
                "JSON",
                "NetServerREST", "NetServerSOAP", "Networking", "PrometheusMetrics", "SOAP",
                "ServerConfiguration", "Text",
                "WebhookDelivery", "XML", logging, lifecycle,
                "AdminModel", "AgentCore", "AgentStores", "CMalloc", "Cryptography", "DeliveryTransport", "HTTPServing",
                "JSON", "LogThrottling", "NetServerSOAP", "Networking", "SOAP", "StoreContracts", "Text",
                "WebhookDelivery", "WebhookModel", "XML", logging, lifecycle,
                "AdminModel", "AgentCore", "CMalloc", "Cryptography", "HTTPServing", "JSON", "NetServerSOAP",
                "Networking", "PostgreSQLInstallation", "SOAP", "SQLiteStorage", "Stores", "Text",
                "WebhookDelivery", "XML", logging, lifecycle,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Conformance",
            dependencies: [
                "Networking", "XML",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "webhook-svc",
            dependencies: [
                "WebhookServer", "AdminModel", "Conformance", "AgentCore", "Cryptography", "Networking",
                "ServiceMetrics", "Text", logging, lifecycle,
                "ServerConfiguration", "Text", logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
        // A sample for users, who have no reason to build on this package's own modules.
        .executableTarget(
            name: "sample-receiver",
            dependencies: [
                logging,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/Interop/receivers/swift",
            swiftSettings: settings
        ),
        .target(name: "TestSupport", dependencies: ["JSON"], path: "Tests/TestSupport", swiftSettings: settings),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "TextTests", dependencies: ["Text"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport", "Text"], swiftSettings: settings),
        .testTarget(name: "NetworkingTests", dependencies: ["Networking"], swiftSettings: settings),
        .testTarget(name: "XMLTests", dependencies: ["TestSupport", "XML"], swiftSettings: settings),
        .testTarget(name: "SOAPTests", dependencies: ["Networking", "SOAP", "XML"], swiftSettings: settings),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"], swiftSettings: settings),
        .testTarget(name: "ServiceMetricsTests", dependencies: ["ServiceMetrics", metrics], swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: ["WebhookModel", logging],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebhookModelTests",
            dependencies: ["JSON", "Networking", "TestSupport", "WebhookModel"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoreContractsTests",
            dependencies: ["StoreContracts", "TestSupport", "WebhookModel"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LogThrottlingTests",
            dependencies: ["LogThrottling", "TestSupport", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AgentCoreTests",
            dependencies: [
                "AgentCore", "AgentStores", "LogThrottling", "StoreContracts", "TestSupport", "Text", "WebhookModel",
                logging,
            ],
            dependencies: ["AgentCore", "JSON", "MemoryStorage", "Networking", "Text", logging],
            swiftSettings: settings
        ),
        .target(
            name: "StoreConformance",
            dependencies: [
                "AgentCore", "StoreSupport",
            ],
            path: "Tests/StoreConformance",
            swiftSettings: settings
        ),
        .target(
            name: "PostgreSQLTestSupport",
            dependencies: [
                "AgentCore", "PostgreSQLClient", "PostgreSQLQueue", "PostgreSQLStorage", logging,
            ],
            path: "Tests/PostgreSQLTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoreSupportTests",
            dependencies: [
                "AgentStores", "StoreContracts", "WebhookModel", lifecycle, lifecycleTestKit, logging,
                "AgentCore", "StoreConformance", "StoreSupport",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MemoryStorageTests",
            dependencies: [
                "AgentCore", "MemoryStorage", "StoreConformance",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SQLiteStorageTests",
            dependencies: [
                "AgentCore", "SQLiteStorage", "StoreConformance", "StoreSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DeliveryTransportTests",
            dependencies: [
                "DeliveryTransport", "Networking", "TestSupport", "WebhookModel",
                "AgentCore", "AgentStores", "Networking", "TestSupport", "WebhookDelivery", logging, metrics, lifecycle,
                lifecycleTestKit,
            name: "PostgreSQLClientTests",
            dependencies: [
                "AgentCore", "PostgreSQLClient", "StoreSupport",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PostgreSQLStorageTests",
            dependencies: [
                "AgentCore", "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "PostgreSQLStorage",
                "PostgreSQLTestSupport", "StoreConformance", "StoreSupport", lifecycle, lifecycleTestKit, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StoresTests",
            dependencies: [
                "AgentCore", "PostgreSQLClient", "PostgreSQLInstallation", "PostgreSQLQueue", "PostgreSQLStorage",
                "PostgreSQLTestSupport", "SQLiteStorage", "StoreConformance", "Stores",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebhookDeliveryTests",
            dependencies: [
                "AgentCore", "MemoryStorage", "Networking", "SQLiteStorage", "WebhookDelivery", logging, metrics,
                lifecycle, lifecycleTestKit,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebhookDeliveryTests",
            dependencies: [
                "AgentStores", "DeliveryTransport", "StoreContracts", "TestSupport", "WebhookDelivery", "WebhookModel",
                logging, metrics, lifecycle, lifecycleTestKit,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "NetServerSOAPTests",
            dependencies: [
                "AgentCore", "NetServerSOAP", "SOAP", "WebhookModel", "XML",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "Conformance", "XML",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AdminModelTests",
            dependencies: ["AdminModel", "AgentCore", "JSON"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPServingTests",
            dependencies: [
                "CZlib", "HTTPServing", "Networking",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: ["AgentCore", "PrometheusMetrics", "ServiceMetrics", metrics],
            swiftSettings: settings
        ),
        .testTarget(
            name: "NetServerRESTTests",
            dependencies: [
                "AgentCore", "HTTPRouting", "JSON", "NetServerREST", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "AdminModelTests", dependencies: ["AdminModel", "AgentCore"], swiftSettings: settings),
        .testTarget(
            name: "AdminServingTests",
            dependencies: ["AdminServing", "AgentCore", .product(name: "HummingbirdCore", package: "hummingbird")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ServerConfigurationTests",
            dependencies: [
                "AgentCore", "AgentStores", "Cryptography", "HTTPServing", "NetServerSOAP", "Networking",
                "ServerConfiguration", "WebhookDelivery",
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPRoutingTests",
            dependencies: ["HTTPRouting", .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebhookServerTests",
            dependencies: [
                "AdminServing", "AgentCore", "AgentStores", "Conformance", "Cryptography", "HTTPRouting", "HTTPServing",
                "JSON", "NetServerREST",
                "NetServerSOAP", "Networking", "ServerConfiguration", "TestSupport", "WSDL", "WebhookDelivery",
                "WebhookServer", "XML", logging, lifecycleTestKit,
                "AgentCore", "AgentStores", "Conformance", "Cryptography", "HTTPServing", "JSON", "NetServerSOAP",
                "Networking", "SOAP", "ServiceMetrics", "Text", "WSDL", "WebhookDelivery", "WebhookServer", "XML",
                logging,
                "Networking", "SOAP", "StoreContracts", "Text", "WSDL", "WebhookModel", "WebhookServer", "XML", logging,
                "Networking", "SOAP", "TestSupport", "Text", "WSDL", "WebhookDelivery", "WebhookServer", "XML", logging,
                "AgentCore", "Conformance", "Cryptography", "HTTPServing", "JSON", "NetServerSOAP", "Networking",
                "SOAP", "Stores", "Text", "WSDL", "WebhookDelivery", "WebhookServer", "XML", logging,
                lifecycleTestKit,
                "AgentCore", "AgentStores", "Conformance", "Cryptography", "DeliveryTransport", "HTTPServing", "JSON",
                "NetServerSOAP", "Networking", "SOAP", "StoreContracts", "Text", "WSDL", "WebhookDelivery",
                "WebhookModel",
                "WebhookServer", "XML", logging, lifecycleTestKit,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Contract/Digests", "Samples"],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
