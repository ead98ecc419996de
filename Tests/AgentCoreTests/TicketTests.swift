import AgentCore
import Foundation
import Testing

@Suite("Tickets")
struct TicketTests {
    static let secret = "0123456789abcdef0123456789abcdef"
    static let content = "\(secret);7;Default"

    private static func text(_ bytes: [UInt8]) -> String {
        "7T:" + Data(bytes).base64EncodedString()
    }

    private static func bytes(_ units: [UInt16]) -> [UInt8] {
        units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    /// The text that holds this, whether or not it makes a ticket.
    private static func text(holding content: String) -> String {
        text(bytes(Array(content.utf16)))
    }

    @Test(
        "Tickets are written as 7T: and base64 of UTF-16, little end first",
        arguments: [
            ("Default", "AEQAZQBmAGEAdQBsAHQA"), ("Cust;1;", "AEMAdQBzAHQAOwAxADsA"),
            ("Kund \u{E5}\u{43A}\u{1F511}", "AEsAdQBuAGQAIADlADoEPdgR3Q=="),
        ] as [(String, String)]
    )
    func format(tenant: String, ending: String) {
        let beginning = "MAAxADIAMwA0ADUANgA3ADgAOQBhAGIAYwBkAGUAZgAwADEAMgAzADQANQA2ADcAOAA5AGEAYgBjAGQAZQBmADsANwA7"
        let ticket = Ticket(secret: Self.secret, number: 7, tenant: tenant)
        #expect(ticket.text == "7T:" + beginning + ending)
        #expect(Ticket(ticket.text) == ticket)
    }

    @Test(
        "Tickets are read as they were written",
        arguments: ["Default", "Cust12345", "a;b;;c;", ";x", ";", " ", "\u{E5}\u{43A}\u{1F511}", "l\ni\r\nn"],
        [0, 7, -1, .max, .min] as [Int32]
    )
    func roundTrip(tenant: String, number: Int32) throws {
        let ticket = Ticket(secret: Self.secret, number: number, tenant: tenant)
        let read = try #require(Ticket(ticket.text))
        #expect(read == ticket)
        #expect(read.secret == Self.secret)
        #expect(read.number == number)
        #expect(read.tenant == tenant)
        #expect(read.content == "\(Self.secret);\(number);\(tenant)")
    }

    @Test("A byte order mark is tolerated and is no part of the ticket")
    func byteOrderMark() throws {
        let marked = try #require(Ticket(Self.text(holding: "\u{FEFF}\(Self.content)")))
        #expect(marked == Ticket(secret: Self.secret, number: 7, tenant: "Default"))
        #expect(marked.content == Self.content)
        #expect(marked.text == Self.text(holding: Self.content))
    }

    static let wrongContents: [String] = [
        "", secret, "\(secret);7", "\(secret);7;", "\(secret);;Default", ";7;Default", "\(secret),7,Default",
        "\(secret.uppercased());7;Default", "\(secret.dropLast());7;Default", "\(secret)0;7;Default",
        "\(secret.dropLast())g;7;Default", "\(secret.dropLast()) ;7;Default", "\(secret.dropLast())\u{FF10};7;Default",
        "\(secret);seven;Default", "\(secret); 7;Default", "\(secret);0x7;Default", "\(secret);7.0;Default",
        "\(secret);2147483648;Default", "\(secret);-2147483649;Default", "7;\(secret);Default", " \(content)",
        "\u{FEFF}\u{FEFF}\(content)",
    ]

    @Test(
        "Tickets without 32 lower-case hexadecimal digits, a number and a tenant are refused",
        arguments: TicketTests.wrongContents
    )
    func wrongContent(content: String) {
        #expect(Ticket(Self.text(holding: content)) == nil)
    }

    static let wrongTexts: [String] = {
        let base64 = text(holding: content).dropFirst(3)
        let units = Array(content.utf16)
        let swapped = units.map(\.byteSwapped)
        let odd = bytes(units) + [0]
        let loneSurrogates: [(before: [UInt16], after: [UInt16])] = [
            ([], [0xD83D]), ([], [0xDD11]), ([], [0xDD11, 0xD83D]), ([0xD83D], []), ([0xDD11], []),
        ]
        let texts = [
            "", "7T:", "7T:====", "7T:****", content, "7T:\(content)", "\(base64)", "7t:\(base64)", "8T:\(base64)",
            "7T\(base64)", " 7T:\(base64)", "7T:\(base64)*", "7T:MA*x\(base64.dropFirst(4))",
            text(odd), text(Array(odd.dropLast(2))), text(Array(content.utf8)), text(bytes(swapped)),
        ]
        return texts + loneSurrogates.map { text(bytes($0.before + units + $0.after)) }
    }()

    @Test(
        "Tickets that are no base64 of UTF-16, little end first, after 7T: are refused",
        arguments: TicketTests.wrongTexts
    )
    func wrongText(text: String) {
        #expect(Ticket(text) == nil)
    }

    @Test("Very long tickets are refused, whatever they hold", arguments: [2000, 1_000_000])
    func long(count: Int) {
        #expect(Ticket(Self.text(holding: Self.content + String(repeating: "x", count: count))) == nil)
        #expect(Ticket("7T:" + String(repeating: "A", count: count)) == nil)
    }
}
