import Cryptography
import Testing

@Suite("SHA-256")
struct SHA256DigestTests {
    @Test(
        "Gives the digests of FIPS 180",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
                    + "nopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ] as [(String, String)]
    )
    func vectors(message: String, digest: String) {
        #expect(SHA256Digest.hex(of: Array(message.utf8)) == digest)
    }

    @Test("Gives the digest of a million times a")
    func million() {
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(
            SHA256Digest.hex(of: message) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        )
    }

    @Test("Bytes and hexadecimal say the same")
    func bytes() {
        let digest = SHA256Digest.of([UInt8](repeating: 0, count: 64))
        #expect(digest.count == 32)
        #expect(digest.prefix(4) == [0xF5, 0xA5, 0xFD, 0x42])
        #expect(digest.last == 0x4B)
        #expect(SHA256Digest.hex(of: [UInt8](repeating: 0, count: 64)).hasPrefix("f5a5fd42"))
    }
}

@Suite("Comparison in constant time")
struct ConstantTimeTests {
    @Test(
        "Same bytes are equal, all others are not",
        arguments: [
            ([], [], true), ([1], [1], true), ([0], [0], true), ([1, 2, 3], [1, 2, 3], true), ([], [0], false),
            ([0], [], false), ([1], [2], false), ([1, 2, 3], [1, 2], false), ([1, 2], [1, 2, 3], false),
            ([1, 2, 3], [1, 2, 4], false), ([1, 2, 3], [0, 2, 3], false), ([0, 0], [0, 0x80], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func comparison(left: [UInt8], right: [UInt8], expected: Bool) {
        #expect(ConstantTime.areEqual(left, right) == expected)
    }

    @Test("A change of any bit is seen")
    func anyBit() {
        let bytes = (0..<32).map { UInt8($0 &* 7) }
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(!ConstantTime.areEqual(bytes, changed))
            }
        }
    }
}
