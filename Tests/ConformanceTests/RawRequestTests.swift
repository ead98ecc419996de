import Conformance
import Testing

@Suite("Raw requests")
struct RawRequestTests {
    @Test("Raw requests are taken apart without loss")
    func parts() throws {
        let bytes = Array("POST /a HTTP/1.0\r\nHost: b\r\nSOAPAction: \"\" \r\n\r\nbody\r\n\r\n".utf8) + [0xFF]
        let request = try RawRequest(parsing: bytes)
        #expect(request.requestLine == "POST /a HTTP/1.0")
        #expect(request.headers.map(\.name) == ["Host", "SOAPAction"])
        #expect(request.header("soapaction") == "\"\"")
        #expect(request.header("Accept") == nil)
        #expect(request.body == Array("body\r\n\r\n".utf8) + [0xFF])
    }

    @Test(
        "Raw requests that are no request are refused",
        arguments: ["", "POST / HTTP/1.1\r\n", "hello\r\n\r\n", "POST / HTTP/1.1\r\nno colon\r\n\r\n"]
    )
    func refusal(text: String) {
        #expect(throws: ConformanceError.self) { try RawRequest(parsing: Array(text.utf8)) }
    }
}
