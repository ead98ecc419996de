import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import WebhookServer

/// Statuses, error objects and routes, as a client over HTTP meets them (docs/contract.md#section-8).
@Suite("REST over HTTP", .timeLimit(.minutes(10)))
struct RESTHTTPTests {
    @Test("Every operation has its status, and what has no result has no body")
    func statuses() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create()
            let calls: [(method: String, path: String, body: String?, status: Int)] = [
                ("GET", "/Webhook/default", nil, 200), ("GET", "/Webhook", nil, 200),
                ("POST", "/Webhook", RESTClient.hook, 200), ("GET", "/Webhook/\(id)", nil, 200),
                ("PUT", "/Webhook/\(id)", RESTClient.hook, 200), ("PATCH", "/Webhook/\(id)", "{}", 200),
                ("POST", "/Webhook/Test", RESTClient.hook, 200), ("GET", "/Webhook/\(id)/LastError", nil, 200),
                ("POST", "/Webhook/nobody.listens/5", nil, 204), ("POST", "/Webhook/nobody.listens/5", "null", 204),
                ("POST", "/Webhook/nobody.listens/5", "{}", 204), ("DELETE", "/Webhook/\(id)", nil, 204),
                ("POST", "/Agents/Webhook/CreateDefaultWebhook", nil, 200),
                ("POST", "/Agents/Webhook/SaveWebhook", RESTClient.hook, 200),
                ("POST", "/Agents/Webhook/SaveWebhook", #"{"webhook": \#(RESTClient.hook)}"#, 200),
                ("POST", "/Agents/Webhook/GetWebhook?webhookId=2", nil, 200),
                ("POST", "/Agents/Webhook/GetWebhook", #"{"WEBHOOKID": "2"}"#, 200),
                ("POST", "/Agents/Webhook/GetAllWebhooks", nil, 200),
                ("POST", "/Agents/Webhook/GetAllWebhooks", "{}", 200),
                ("POST", "/Agents/Webhook/TestWebhook", RESTClient.hook, 200),
                ("POST", "/Agents/Webhook/TestWebhook", #"{"Webhook": \#(RESTClient.hook)}"#, 200),
                ("POST", "/Agents/Webhook/SignalEvent", #"{"EventName": "nobody.listens"}"#, 204),
                ("POST", "/Agents/Webhook/GetLastError", #"{"WebhookId": 2}"#, 200),
                ("POST", "/Agents/Webhook/DeleteWebhook?WEBHOOKID=2", nil, 204),
                ("POST", "/Agents/Webhook/DeleteWebhook", #"{"WebhookId": 2}"#, 204),
            ]
            for call in calls {
                let answer = try await rest.call(call.method, call.path, call.body)
                #expect(answer.status == call.status, "\(call): \(answer.text)")
                #expect(answer.body.isEmpty == (call.status == 204), "\(call)")
                #expect(answer.headers["Cache-Control"] == ["no-store"], "\(call)")
                let type = answer.headers["Content-Type"]
                #expect(type == (call.status == 204 ? [] : ["application/json; charset=utf-8"]), "\(call)")
            }
        }
    }

    static let (notFound, argument) = ("SoNotFoundException", "SoInvalidArgumentException")

    /// What is wrong with a call, and what its error object says.
    struct Wrong: Sendable {
        let call: (method: String, path: String, body: String?)
        /// The status and the type of the error object, and a part of its message.
        let problem: (status: Int, type: String, naming: String)
        let operation: String

        init(
            _ method: String,
            _ path: String,
            _ operation: String,
            _ status: Int = 400,
            _ type: String = RESTHTTPTests.argument,
            naming: String,
            body: String? = nil
        ) {
            call = (method, path, body)
            (self.operation, problem) = (operation, (status, type, naming))
        }
    }

    static let (validation, notSupported) = ("SoValidationException", "SoNotSupportedException")
    private static func agent(_ operation: String) -> String { "/Agents/Webhook/\(operation)" }

    static let script = #"{"TargetUrl": "x", "Type": "crmscript"}"#
    static let unknownID = #"{"WebhookId": 99, "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}"#

    static let wrong: [Wrong] = [
        Wrong("GET", "/Webhook/99", "GetWebhook", 404, notFound, naming: "99"),
        Wrong("PUT", "/Webhook/99", "SaveWebhook", 404, notFound, naming: "99", body: RESTClient.hook),
        Wrong("PATCH", "/Webhook/99", "SaveWebhook", 404, notFound, naming: "99", body: "{}"),
        Wrong("DELETE", "/Webhook/99", "DeleteWebhook", 404, notFound, naming: "99"),
        Wrong("POST", agent("SaveWebhook"), "SaveWebhook", 404, notFound, naming: "99", body: unknownID),
        Wrong("POST", "/Webhook", "SaveWebhook", naming: "webhook"),
        Wrong("POST", "/Webhook", "SaveWebhook", naming: "webhook", body: "null"),
        Wrong("POST", "/Webhook", "SaveWebhook", naming: "webhook", body: " // nothing \n"),
        Wrong("PUT", "/Webhook/1", "SaveWebhook", naming: "webhook"),
        Wrong("PUT", "/Webhook/1", "SaveWebhook", naming: "webhook", body: "null"),
        Wrong("PATCH", "/Webhook/1", "SaveWebhook", naming: "merge-patch"),
        Wrong("POST", "/Webhook/Test", "TestWebhook", naming: "Webhook"),
        Wrong("POST", "/Webhook", "SaveWebhook", 400, validation, naming: "TargetUrl", body: #"{"Events": ["a.b"]}"#),
        Wrong("POST", "/Webhook/Test", "TestWebhook", 400, validation, naming: "TargetUrl", body: "{}"),
        Wrong("POST", "/Webhook/Test", "TestWebhook", 400, notSupported, naming: "crmscript", body: script),
        Wrong("POST", "/Webhook/a.b/1", "SignalEvent", naming: "object", body: "[1]"),
        Wrong("GET", "/Webhook?statusFilter=paused", "GetAllWebhooks", naming: "statusFilter"),
        Wrong("POST", agent("GetWebhook") + "?webhookId=x", "GetWebhook", naming: "webhookId"),
        Wrong("POST", agent("GetWebhook"), "GetWebhook", naming: "WebhookId", body: #"{"WebhookId": true}"#),
        Wrong("POST", agent("GetAllWebhooks"), "GetAllWebhooks", naming: "NameFilter", body: #"{"NameFilter": 5}"#),
        Wrong("POST", agent("SignalEvent"), "SignalEvent", naming: "EventName", body: #"{"EventName": 5}"#),
        Wrong("POST", agent("SignalEvent"), "SignalEvent", naming: "Data", body: #"{"Data": [1]}"#),
        Wrong("POST", agent("SignalEvent"), "SignalEvent", naming: "PrimaryKey", body: #"{"PrimaryKey": 2147483648}"#),
    ]

    @Test("What fails answers its status and an error object that names what is wrong")
    func errors() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let before = try await rest.call("GET", "/Webhook").text
            for wrong in Self.wrong {
                let (method, path, body) = wrong.call
                let answer = try await rest.call(method, path, body)
                answer.expectProblem(
                    wrong.problem.status,
                    wrong.problem.type,
                    naming: wrong.problem.naming,
                    source: "Webhook.\(wrong.operation)",
                    "\(method) \(path) \(body ?? "")"
                )
                #expect(answer.headers["Content-Type"] == ["application/json; charset=utf-8"])
                #expect(answer.headers["Cache-Control"] == ["no-store"])
            }
            let after = try await rest.call("GET", "/Webhook").text
            #expect(after == before)
        }
    }

    @Test("A path that is not UTF-8 is beneath /api all the same")
    func undecodablePath() async throws {
        try await RunningService.with { service in
            let answer = try await service.exchange(Array("GET /api/v1/Webhook/%FF/1 HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            #expect(answer.status == 404)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("SoNotFoundException"))
        }
    }

    @Test(
        "What is beneath /api and no path of it is 404 with an error object, also for those without credentials",
        arguments: [
            "/api/v2", "/api/v1/Contact", "/api/v1/Webhook/x", "/api/v1/Webhook/2147483648", "/api/v1/Webhook/1/x",
            "/api/v1/Webhook/sale.changed/x", "/api/v1/Agents/Webhook", "/api/v1/Agents/Webhook/GetContact",
            "/api/v1/Webhook/a%00b",
        ]
    )
    func unknownPath(path: String) async throws {
        try await RunningService.with { service in
            let answer = try await RESTClient(service: service).anonymous.call("GET", path)
            answer.expectProblem(404, Self.notFound, path)
            let xml = try await RESTClient(service: service).with(("Accept", "application/xml")).call("GET", path)
            #expect(xml.status == 404)
            #expect(xml.headers["Content-Type"] == ["application/xml; charset=utf-8"], "Errors follow Accept too.")
            #expect(xml.text.contains("<ErrorType>SoNotFoundException</ErrorType>"), "\(xml.text)")
        }
    }

    @Test("Another method is 405 with Allow, and the error object in the type that is asked for")
    func methods() async throws {
        let calls = [
            ("PUT", "/api", "GET, HEAD"), ("POST", "/api/v1", "GET, HEAD"),
            ("DELETE", "/api/v1/openapi.json", "GET, HEAD"),
            ("POST", "/Webhook/default", "GET, HEAD"), ("DELETE", "/Webhook", "GET, HEAD, POST"),
            ("OPTIONS", "/Webhook", "GET, HEAD, POST"),
            ("POST", "/Webhook/1", "GET, HEAD, PUT, PATCH, DELETE"), ("GET", "/Webhook/Test", "POST"),
            ("POST", "/Webhook/1/LastError", "GET, HEAD"), ("GET", "/Webhook/sale.changed/1", "POST"),
            ("PUT", "/Agents/Webhook/GetAllWebhooks", "GET, HEAD, POST"), ("POST", "/Archive/dynamic", "GET, HEAD"),
            ("PROPFIND", "/Webhook", "GET, HEAD, POST"),
        ]
        try await RunningService.with { service in
            for (method, path, allowed) in calls {
                let answer = try await RESTClient(service: service).anonymous.call(method, path)
                answer.expectProblem(405, Self.argument, naming: method, "\(method) \(path)")
                #expect(answer.headers["Allow"] == [allowed], "\(method) \(path)")
                let xml = try await RESTClient(service: service).with(("Accept", "text/xml")).call(method, path)
                #expect(xml.status == 405)
                #expect(xml.headers["Content-Type"] == ["text/xml; charset=utf-8"], "Errors follow Accept too.")
            }
        }
    }

    @Test("HEAD is answered as GET, without a body")
    func head() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let request = "HEAD /api/v1/Webhook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                try await outbound.write(ByteBuffer(string: request))
                var bytes: [UInt8] = []
                while let part = try await inbound.iterator.next() { bytes += part.readableBytesView }
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 401 "))
                #expect(!text.contains("Content-Length: 0"))
                #expect(text.hasSuffix("\r\n\r\n"), "\(text)")
            }
        }
    }

    @Test("What is wrong is found in the order: path, method, types, credentials, body, operation")
    func order() async throws {
        try await RunningService.with { service in
            let known = RESTClient(service: service)
            let unknown = known.anonymous
            let picture = [("Accept", "image/png")]
            let cases: [(RESTClient, String, String, String, String, [(String, String)], Int)] = [
                (unknown, "PROPFIND", "/Nothing", "{", "text/plain", picture, 404),
                (unknown, "PROPFIND", "/Webhook", "{", "text/plain", picture, 405),
                (unknown, "POST", "/Webhook", "{", "text/plain", picture, 415),
                (unknown, "POST", "/Webhook", "{", "text/plain", [], 415),
                (unknown, "POST", "/Webhook", "{", "application/json", [], 401),
                (unknown, "PUT", "/Webhook/99", "{", "application/json", [], 401),
                (unknown, "POST", "/Webhook", "{", "application/json", [("SO-TimeZone", "x")], 401),
                (known, "POST", "/Webhook", "{}", "application/json", [("SO-TimeZone", "x")], 400),
                (known, "PUT", "/Webhook/99", "{", "application/json", [], 400),
                (known, "PUT", "/Webhook/99", "{}", "application/json", [], 404),
            ]
            for (rest, method, path, body, type, headers, status) in cases {
                let answer = try await rest.call(method, path, body, type: type, headers: headers)
                #expect(answer.status == status, "\(method) \(path) \(body) as \(type): \(answer.text)")
            }
        }
    }

    @Test("What a call without a body says of a body does not matter")
    func noBody() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let plain = [("Content-Type", "text/plain")]
            for (method, path, status) in [
                ("GET", "/Webhook", 200), ("POST", "/Webhook/a.b/1", 204), ("DELETE", "/Webhook/1", 204),
            ] {
                let answer = try await rest.call(method, path, headers: plain)
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
            }
        }
    }

    @Test("The reason phrase is the message, where HTTP can carry it")
    func reason() async throws {
        try await RunningService.with { service in
            let authorization = "Authorization: \(RESTClient.basic("tje0", "Tje0"))"
            func head(_ line: String, _ body: String = "") async throws -> String {
                let head = [line, "Host: x", authorization, "Content-Length: \(body.utf8.count)"]
                let request = head.joined(separator: "\r\n") + "\r\n\r\n" + body
                let answer = try await service.exchange(Array(request.utf8))
                return String(answer.head.prefix { $0 != "\r\n" })
            }
            let absent = try await head("GET /api/v1/Webhook/99 HTTP/1.1")
            #expect(absent == "HTTP/1.1 404 There is no webhook with the id 99.")
            let fine = try await head("GET /api/v1/Webhook HTTP/1.1")
            #expect(fine == "HTTP/1.1 200 OK")
            let nothing = try await head("POST /api/v1/Webhook/a.b/1 HTTP/1.1")
            #expect(nothing == "HTTP/1.1 204 No Content")
            // Not ASCII, and a line break.
            let foreign = try await head("POST /api/v1/Webhook HTTP/1.1", #"{"Headers": {"æ\r\nX-Evil: 1": 5}}"#)
            #expect(foreign == "HTTP/1.1 400 Bad Request")
            let type = String(repeating: "x", count: 500)
            let long = try await head(
                "POST /api/v1/Webhook/Test HTTP/1.1",
                #"{"TargetUrl": "x", "Type": "\#(type)"}"#
            )
            #expect(long.hasPrefix("HTTP/1.1 400 Webhooks of type 'xxx"))
            #expect(long.count == "HTTP/1.1 400 ".count + 200)
        }
    }
}
