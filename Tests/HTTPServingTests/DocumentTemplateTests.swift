import HTTPServing
import HummingbirdCore
import NIOCore
import Testing

/// Documents that every caller is sent, but for the address in them.
@Suite("Document templates")
struct DocumentTemplateTests {
    @Test("The caller's text stands in every place, and the length is known")
    func filled() async throws {
        let template = DocumentTemplate(["a", "b", ""])
        let body = template.filled(with: "--")
        #expect(body.contentLength == 6)
        let text = try await BodyParts.parts(of: body).map { String(buffer: $0) }.joined()
        #expect(text == "a--b--")
    }
}
