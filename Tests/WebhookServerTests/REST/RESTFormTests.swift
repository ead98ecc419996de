import Testing

@testable import WebhookServer

@Suite("Webhooks that REST reads from forms", .timeLimit(.minutes(10)))
struct RESTFormTests {
    @Test("A webhook is saved as a form: repeated names, brackets and dots, and every value text")
    func form() async throws {
        let form = """
            name=fr%C3%A5+form&Events=a.b&Events=c.d&TargetUrl=http%3A%2F%2F127.0.0.1%3A9%2Fhook&State=2\
            &Headers[X-A]=1&Headers.X-B=2&Properties[n]=5
            """
        try await RunningService.with { service in
            let answer = try await RESTClient(service: service).call(
                "POST",
                "/Webhook",
                form,
                type: "application/x-www-form-urlencoded; charset=UTF-8"
            )
            try #require(answer.status == 200, "\(answer.text)")
            for (name, value) in [
                ("Name", #""frå form""#), ("Events", #"["a.b","c.d"]"#), ("State", #""Stopped""#),
                ("Headers", #"{"X-A":"1","X-B":"2"}"#), ("Properties", #"{"n":"5"}"#),
            ] {
                #expect(try answer.member(name) == value)
            }
        }
    }

    @Test("A form, which has no types, leaves a property that it repeats as it is stored")
    func formUpdate() async throws {
        try await RESTClient.holding(RESTMediaTests.whole) { rest in
            let form = "Events=a.b&TargetUrl=\(RESTClient.target)&Properties[n]=5&Properties[d]=0.5&Properties.on=true"
            let answer = try await rest.call("PUT", "/Webhook/1", form, type: RESTClient.form)
            try #require(answer.status == 200, "\(answer.text)")
            #expect(try answer.member("Events") == #"["a.b"]"#)
            #expect(try answer.member("Properties") == #"{"n":5,"d":"0.5","on":true}"#)
        }
    }
}
