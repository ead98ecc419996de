import Networking
import Testing

@Suite("Content coding")
struct ContentCodingTests {
    @Test("A body without a header Content-Encoding, or with identity in any case, is not packed")
    func none() {
        for header in [nil, "", "identity", "Identity"] { #expect(ContentCoding.isNone(header)) }
    }

    @Test("A body with any other header Content-Encoding is packed", arguments: ["gzip", "br", "identity, gzip"])
    func packed(header: String) {
        #expect(!ContentCoding.isNone(header))
    }
}
