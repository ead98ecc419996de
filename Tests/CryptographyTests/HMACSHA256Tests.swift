import Cryptography
import Testing

@Suite("HMAC-SHA256")
struct HMACSHA256Tests {
    /// RFC 4231, section 4. The fifth case's tag is cut to 128 bits there.
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: [UInt8]
        let message: [UInt8]
        let tag: String
    }

    static let vectors: [Vector] = [
        Vector(
            testDescription: "1",
            key: repeating(0x0B, 20),
            message: Array("Hi There".utf8),
            tag: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        Vector(
            testDescription: "2: key shorter than the tag",
            key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8),
            tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        Vector(
            testDescription: "3: key and message longer than 64 bytes together",
            key: repeating(0xAA, 20),
            message: repeating(0xDD, 50),
            tag: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        Vector(
            testDescription: "4",
            key: Array(0x01...0x19),
            message: repeating(0xCD, 50),
            tag: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        Vector(
            testDescription: "5: truncation",
            key: repeating(0x0C, 20),
            message: Array("Test With Truncation".utf8),
            tag: "a3b6167473100ee06e0c796c2955552b"
        ),
        Vector(
            testDescription: "6: key longer than a block",
            key: repeating(0xAA, 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            tag: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        Vector(
            testDescription: "7: key and message longer than a block",
            key: repeating(0xAA, 131),
            message: Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8
            ),
            tag: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    private static func repeating(_ byte: UInt8, _ count: Int) -> [UInt8] {
        [UInt8](repeating: byte, count: count)
    }

    @Test("Gives the tags of RFC 4231, from the first message on", arguments: HMACSHA256Tests.vectors)
    func vector(_ vector: Vector) {
        let key = HMACSHA256(key: vector.key)
        for _ in 0..<3 {
            let tag = key.tag(of: vector.message)
            #expect(tag.count == HMACSHA256.tagBytes)
            #expect(hexadecimal(tag).hasPrefix(vector.tag))
            _ = key.tag(of: Array("something in between".utf8))
        }
    }

    @Test(
        "Key and message may be empty",
        arguments: [
            ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
            ("", "x", "4cbc96099a6467ce002461f10549b4898265ebe6188b45efacc44293516e62c4"),
            ("k", "", "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"),
        ] as [(String, String, String)]
    )
    func empty(key: String, message: String, tag: String) {
        let key = HMACSHA256(key: Array(key.utf8))
        #expect(hexadecimal(key.tag(of: Array(message.utf8))) == tag)
        _ = key.tag(of: [1, 2, 3])
        #expect(hexadecimal(key.tag(of: Array(message.utf8))) == tag)
    }

    @Test("Text beyond ASCII is signed as its UTF-8")
    func nonASCII() {
        let key = HMACSHA256(key: Array("nøkkel🔑".utf8))
        let tag = key.tag(of: Array("{\"Name\":\"Blåbær €\"}".utf8))
        #expect(hexadecimal(tag) == "b4e618d93af16a2b80088c59aa9f59e972d4862d20434532a15220aad006abbe")
    }

    @Test("One key serves many tasks at once")
    func concurrent() async {
        let key = HMACSHA256(key: Array("secret".utf8))
        let messages = (0..<64).map { [UInt8](repeating: UInt8($0), count: $0 * 37) }
        let expected = messages.map { HMACSHA256(key: Array("secret".utf8)).tag(of: $0) }
        let wrong = await withTaskGroup(of: Int.self) { group in
            for task in 0..<16 {
                group.addTask {
                    (0..<200).count { round in
                        let index = (task * 7 + round) % messages.count
                        return key.tag(of: messages[index]) != expected[index]
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
        #expect(Set(expected).count == messages.count)
    }
}

/// The bytes in lower-case hexadecimal.
private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}
