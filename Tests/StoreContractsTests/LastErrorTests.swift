import Foundation
import StoreContracts
import TestSupport
import Testing
import WebhookModel

/// What GetLastError tells of a failure.
@Suite("Last errors")
struct LastErrorTests {
    private static func text(_ body: [UInt8], headers: [(String, String?)] = []) -> String {
        SendOutcome.answered(
            TargetAnswer(
                status: 500,
                reason: "Oops",
                headers: headers.map { .init(key: $0.0, value: $0.1) },
                body: body
            )
        ).lastError
    }

    @Test("An answer is told with its status line, its headers and the beginning of its body")
    func answer() {
        let text = Self.text(Array("line 1\nblåbær".utf8), headers: [("Content-Type", "text/plain"), ("X-Empty", nil)])
        #expect(text == "HTTP/1.1 500 Oops\nContent-Type: text/plain\nX-Empty: \n\nline 1\nblåbær")
        #expect(Self.text([]) == "HTTP/1.1 500 Oops")
        #expect(Self.text([], headers: [("A", "b")]) == "HTTP/1.1 500 Oops\nA: b")
    }

    @Test("A last error is at most 4,000 UTF-16 code units long, with whole characters")
    func length() {
        for character in ["a", "å", "😀", "e\u{301}"] {
            let text = Self.text(Array(String(repeating: character, count: 5000).utf8))
            #expect((3999...4000).contains(text.utf16.count), "\(character)")
            #expect(!text.unicodeScalars.contains("\u{FFFD}"))
            #expect(text.hasPrefix("HTTP/1.1 500 Oops\n\n" + character))
        }
        let headers = (0..<500).map { ("X-\($0)", Optional(String(repeating: "v", count: 20))) }
        #expect(Self.text(Array("body".utf8), headers: headers).utf16.count == 4000)
    }

    @Test("What is no UTF-8, and the character that ends texts in databases, is replaced")
    func unsafe() {
        #expect(Self.text([0x61, 0xFF, 0x62, 0, 0x63]).hasSuffix("\n\na\u{FFFD}b\u{FFFD}c"))
    }

    @Test("Where there was no answer it says why")
    func noAnswer() {
        #expect(SendOutcome.failed(SendError(.timeout, "too late")).lastError == "too late")
    }

    @Test("A failed attempt's decision has the line for the log and the text for GetLastError")
    func decision() {
        let answer = TargetAnswer(status: 500, reason: "Oops", headers: [.init(key: "A", value: "b")], body: [0x78])
        for state in [WebhookState.active, .stopped] {
            for errors in [0, 8] {
                let decision = DeliveryPolicy.netServer.decide(
                    on: .answered(answer),
                    DeliverySnapshot(attempts: 8, webhookState: state, failures: FailureRow(count: errors)),
                    began: Fixed.time,
                    now: Fixed.time,
                    random: 0
                )
                #expect(decision.error == "HTTP/1.1 500 Oops")
                #expect(decision.lastError == "HTTP/1.1 500 Oops\nA: b\n\nx")
            }
        }
    }
}
