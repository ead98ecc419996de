import Foundation
import NIOHTTP1
import NetServerSOAP
import ServerConfiguration
import Testing
import XML

@testable import WebhookServer

/// `GET` on a service (docs/contract.md#section-4).
@Suite("Service description")
struct DescriptionTests {
    static let wsdl = "http://schemas.xmlsoap.org/wsdl/"

    /// The namespace of the binding, and the address, of a WSDL.
    static func binding(_ bytes: [UInt8]) throws -> (namespace: String?, address: String?, target: String?) {
        let root = try XML.XMLDocument(parsing: bytes).root
        let binding = root.children.first { $0.isNamed("binding") }?.children.first { $0.isNamed("binding") }
        let port = root.children.first { $0.isNamed("service") }?.children.first { $0.isNamed("port") }
        let address = port?.children.first { $0.isNamed("address") }?.attribute("location")
        return (binding?.namespace, address, root.attribute("targetNamespace"))
    }

    @Test(
        "Queries are read in any case, and each has one binding",
        arguments: [
            ("wsdl", "http://schemas.xmlsoap.org/wsdl/soap/"), ("WSDL", "http://schemas.xmlsoap.org/wsdl/soap/"),
            ("singleWsdl", "http://schemas.xmlsoap.org/wsdl/soap/"), ("wsdl=", "http://schemas.xmlsoap.org/wsdl/soap/"),
            ("wsdl12", "http://schemas.xmlsoap.org/wsdl/soap12/"),
            ("Wsdl12", "http://schemas.xmlsoap.org/wsdl/soap12/"),
        ]
    )
    func queries(query: String, binding: String) async throws {
        try await RunningService.with { service in
            let answer = try await service.send("GET", service.url + "?" + query)
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == ["text/xml; charset=utf-8"])
            let found = try Self.binding(answer.body)
            #expect(found.namespace == binding)
            #expect(found.address == service.url)
        }
    }

    @Test("Every generation of the contract is served in its own namespace", arguments: ServiceNumber.allCases)
    func numbers(number: ServiceNumber) async throws {
        try await RunningService.with { service in
            let url = "http://127.0.0.1:\(service.port)/remote/services\(number.rawValue)/webhook.svc?wsdl"
            let answer = try await service.send("GET", url)
            #expect(try Self.binding(answer.body).target == number.namespace)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("8087/"))
        }
    }

    @Test("The address is that of the host that was asked, or what the configuration says")
    func address() async throws {
        try await RunningService.with { service in
            let request = Array(
                "GET /Remote/Services87/Webhook.svc?wsdl HTTP/1.1\r\nHost: Example.test:99\r\n\r\n".utf8
            )
            let answer = try await service.exchange(request)
            #expect(try Self.binding(answer.body).address == "http://Example.test:99/Remote/Services87/Webhook.svc")
            let hostile = Array("GET /Remote/Services87/Webhook.svc?wsdl HTTP/1.1\r\nHost: a\"b<c\r\n\r\n".utf8)
            let refused = try await service.exchange(hostile)
            if refused.status == 200 { #expect(try Self.binding(refused.body).address?.contains("a\"b") == false) }
        }
        try await RunningService.with(settings: { $0.publicURL = "https://crm.example/base" }) { service in
            let answer = try await service.send("GET", service.url + "?wsdl")
            #expect(try Self.binding(answer.body).address == "https://crm.example/base/Remote/Services87/Webhook.svc")
        }
    }

    @Test("A service's address without a query shows a page that links its WSDL")
    func page() async throws {
        try await RunningService.with { service in
            let answer = try await service.send("GET", service.url)
            #expect(answer.headers["Content-Type"] == ["text/html; charset=utf-8"])
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(text.contains("Webhook service"))
            #expect(text.contains(service.url + "?wsdl"))
        }
    }
}
