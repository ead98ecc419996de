import Networking
import SOAP
import TestSupport
import Testing
import XML

@Suite("Header blocks that the service reads")
struct HeaderBlockTests {
    private func blocks(
        of text: String,
        take: (XMLElement) throws(SOAPFault) -> Bool = { _ in true }
    ) throws(EnvelopeReader.ReadError) -> [String] {
        var blocks: [String] = []
        _ = try EnvelopeReader().read(
            Array(text.utf8),
            mediaType: MediaType("application/soap+xml"),
            action: nil,
            namespace: serviceNamespace
        ) { block, place throws(SOAPFault) in
            blocks.append("\(place) \(block.name)")
            return try take(block)
        }
        return blocks
    }

    @Test("Each block is shown once with its place, in document order", arguments: SOAPVersion.allCases)
    func places(version: SOAPVersion) throws {
        let text = envelopeText(version, before: "<n:A/><x/>", header: "<n:B><n:C/></n:B><n:A/>", after: "<n:D/>")
        #expect(try blocks(of: text) == ["envelope A", "envelope x", "header B", "header A", "envelope D"])
    }

    @Test("A block outside the Header need not be understood", arguments: SOAPVersion.allCases)
    func outside(version: SOAPVersion) throws {
        let text = envelopeText(version, before: "<n:A e:mustUnderstand='1'/>")
        #expect(try blocks(of: text) { _ in false } == ["envelope A"])
    }

    @Test("A block that cannot be read is the fault of its reader", arguments: SOAPVersion.allCases)
    func unreadable(version: SOAPVersion) {
        for text in [envelopeText(version, header: "<n:A>x</n:A>"), envelopeText(version, before: "<n:A>x</n:A>")] {
            let refusal = #expect(throws: EnvelopeReader.ReadError.self) {
                try blocks(of: text) { block throws(SOAPFault) in try block.int32() == 1 }
            }
            #expect(refusal?.fault == .deserialization(of: "A", as: "int", text: "x"))
            #expect(refusal?.version == version)
        }
    }
}
