import Testing

@testable import NetServerREST

/// Which media type an answer has (RFC 9110, section 12.5.1).
@Suite("Negotiation of REST media types")
struct NegotiationTests {
    static let choices: [(accept: [String], type: String)] = [
        ([], "application/json"),
        ([""], "application/json"),
        (["*/*"], "application/json"),
        (["application/*"], "application/json"),
        (["application/json"], "application/json"),
        (["application/json; charset=utf-8"], "application/json"),
        (["APPLICATION/JSON"], "application/json"),
        (["text/json"], "text/json"),
        (["application/json-patch+json"], "application/json-patch+json"),
        (["application/merge-patch+json"], "application/merge-patch+json"),
        (["application/xml"], "application/xml"),
        (["Text/XML ; charset=iso-8859-1"], "text/xml"),
        (["image/png", "text/xml"], "text/xml"),
        (["image/png, text/xml"], "text/xml"),
        (["image/png,*/*;q=0.1"], "application/json"),
        // Weights decide, then what is named more precisely.
        (["application/json;q=0.1, application/xml;q=0.9"], "application/xml"),
        (["application/xml;q=0.1, application/json;q=0.9"], "application/json"),
        (["application/xml; Q=0.2, application/json ; q=0.3"], "application/json"),
        (["application/xml, */*"], "application/xml"),
        (["*/*, application/xml"], "application/xml"),
        (["*/*;q=1.0, application/xml;q=0.9"], "application/json"),
        (["application/*;q=0.5, text/xml;q=0.6"], "text/xml"),
        (["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"], "application/xml"),
        (["text/html,*/*;q=0.8"], "application/json"),
        // What has no weight is not wanted, however wide the rest.
        (["application/json;q=0, application/xml"], "application/xml"),
        (["application/xml;q=0, */*"], "application/json"),
        (
            [
                "application/json;q=0, text/json;q=0", "application/json-patch+json;q=0",
                "application/merge-patch+json;q=0, */*",
            ],
            "application/xml"
        ),
        (["application/xml;q=0.000, application/json;q=0.001"], "application/json"),
        // Nonsense excludes nothing else.
        (["nonsense, application/xml"], "application/xml"),
        (["application/xml, application/json;q=nonsense"], "application/xml"),
        ([",,application/xml,"], "application/xml"),
    ]

    @Test("The best of what is asked for is answered, and the type is echoed", arguments: choices)
    func chosen(accept: [String], type: String) {
        let answer = AnswerType(accept: accept)
        #expect(answer.essence == type)
        #expect(answer.contentType == type + "; charset=utf-8")
        #expect(answer.isXML == type.hasSuffix("/xml"))
    }

    @Test(
        "What asks for none of ours gets JSON",
        arguments: [
            ["aplication/json"], ["aplication/xml"], ["json"], ["application/json;q=0, text/json;q=0, text/html"],
            ["text/html"], ["image/*"], ["application/xhtml+xml"], ["application/json;q=0"], ["*/*;q=0"],
            ["application/soap+xml, text/plain"], ["application/*;q=0, text/html"], ["application/jsonx"],
            ["application/problem+json"],
        ]
    )
    func none(accept: [String]) {
        #expect(AnswerType(accept: accept) == .json)
    }

    @Test("A hostile number of ranges does no harm", .timeLimit(.minutes(10)))
    func many() {
        let accept = Array(repeating: "a/b", count: 100_000).joined(separator: ",")
        #expect(AnswerType(accept: ["application/xml", accept]).essence == "application/xml")
    }
}
