import Foundation
import Testing

@testable import WebhookServer

/// Changes on a condition and changes at one time.
@Suite("REST changes beside other changes", .timeLimit(.minutes(10)))
struct RESTConcurrentChangeTests {
    private static func date(_ date: Date) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.string(from: date)
    }

    @Test("A webhook that has changed since If-Unmodified-Since is left as it is", arguments: ["PUT", "PATCH"])
    func condition(method: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let body = #"{"Name": "changed", "Events": ["a.b"], "TargetUrl": "\#(RESTClient.target)"}"#
            func change(_ date: String) async throws -> RESTAnswer {
                try await rest.call(method, "/Webhook/1", body, headers: [("If-Unmodified-Since", date)])
            }
            let before = try await rest.call("GET", "/Webhook/1")
            let past = Self.date(Date(timeIntervalSinceNow: -3600))
            // The three forms that HTTP's dates have had.
            for date in [
                past, "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            ] {
                let refused = try await change(date)
                refused.expectProblem(
                    412,
                    "SoIllegalOperationException",
                    naming: "1",
                    source: "Webhook.SaveWebhook",
                    date
                )
            }
            let after = try await rest.call("GET", "/Webhook/1")
            #expect(after.text == before.text)

            // The very second in which it was changed: HTTP's dates have no fractions.
            let updated = try before.textMember("Updated").replacing(/\.\d+/, with: "")
            let second = try #require(ISO8601DateFormatter().date(from: updated))
            let same = try await change(Self.date(second))
            #expect(same.status == 200, "\(same.text)")
            // What cannot be read is no condition.
            for date in [
                Self.date(Date(timeIntervalSinceNow: 3600)), "yesterday", "2016-04-18T09:41:00Z", "",
                "Fri, 31 Dec 99999 23:59:59 GMT",
            ] {
                let changed = try await change(date)
                #expect(changed.status == 200, "\(date): \(changed.text)")
            }
            let elsewhere = [("If-Unmodified-Since", past)]
            let got = try await rest.call("GET", "/Webhook/1", headers: elsewhere)
            #expect(got.status == 200)
            let created = try await rest.call("POST", "/Webhook", body, headers: elsewhere)
            #expect(created.status == 200)
        }
    }

    @Test("Patches of different members at one time are all kept")
    func concurrent() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(RESTPatchTests.hook)
            for round in 0..<20 {
                try await withThrowingTaskGroup(of: (String, RESTAnswer).self) { group in
                    for member in ["Name", "Secret"] {
                        group.addTask {
                            let patch = #"{"\#(member)": "\#(member) \#(round)"}"#
                            return (member, try await rest.call("PATCH", "/Webhook/1", patch))
                        }
                    }
                    for try await (member, answer) in group {
                        #expect(answer.status == 200, "\(answer.text)")
                        #expect(try answer.textMember(member) == "\(member) \(round)")
                    }
                }
                let read = try await rest.call("GET", "/Webhook/1")
                #expect(try read.textMember("Name") == "Name \(round)")
                #expect(try read.textMember("Secret") == "Secret \(round)")
            }
        }
    }
}
