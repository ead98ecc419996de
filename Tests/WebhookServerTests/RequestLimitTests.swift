import JSON
import ServerConfiguration
import Testing
import XML

@testable import WebhookServer

@Suite("Limits of requests that settings give to readers")
struct RequestLimitTests {
    private func expectSetting(_ remedy: String?, _ limit: String) {
        let isSetting = Setting.all.contains { remedy == "setting \($0.flag)" }
        #expect(isSetting, "\(limit): \(remedy ?? "no remedy")")
    }

    @Test("An error about a limit that an operator can change names the setting")
    func remedies() {
        let xml = XMLLimits(RequestLimits())
        for limit in [XMLLimit.bytes, .depth, .textBytes] { expectSetting(xml.remedies[limit], "XML, \(limit)") }
        let json = JSONReader.Limits(RequestLimits())
        for limit in JSONLimit.allCases { expectSetting(json.remedies[limit], "JSON, \(limit)") }
    }
}
