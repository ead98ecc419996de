import Testing
import Text

@Suite("Hexadecimal")
struct HexadecimalTests {
    @Test("Every byte has two digits in lower case")
    func digits() {
        let bytes = [UInt8](0...255)
        let expected = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        #expect(Hexadecimal.text(bytes) == expected.joined())
        #expect(Hexadecimal.text([]) == "")
        for (byte, digits) in zip(bytes, expected) {
            var text = Array("x".utf8)
            Hexadecimal.append(byte, to: &text)
            #expect(text == Array(("x" + digits).utf8))
        }
    }
}
