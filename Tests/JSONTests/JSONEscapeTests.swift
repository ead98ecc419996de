import Foundation
import JSON
import Testing

@Suite("JSON escapes")
struct JSONEscapeTests {
    @Test("With all short escapes, every character is written as Foundation writes it")
    func foundation() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        for scalar in (0...0x2FF).compactMap(Unicode.Scalar.init) + ["\u{2028}", "\u{FEFF}", "\u{FFFF}", "\u{1F600}"] {
            let string = "a\(Character(scalar))b"
            var text = ""
            JSONValue.string(string).write(to: &text, escapes: .all)
            #expect(text == String(decoding: try encoder.encode(string), as: UTF8.self), "\(scalar.value)")
        }
    }

    @Test("Backspace and form feed are written by their numbers unless all short escapes are asked for")
    func common() {
        let object = JSONValue.object(["\u{8}": .array([.string("\u{C}\n")])])
        #expect(object.text == #"{"\u0008":["\u000c\n"]}"#)
        var text = ""
        object.write(to: &text, escapes: .all)
        #expect(text == #"{"\b":["\f\n"]}"#)
    }
}
