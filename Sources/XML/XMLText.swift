/// A piece of a document's text, such as the value of an attribute: a view, as cheap to copy as a reference. Its bytes are
/// compared without a string being made of them.
package struct XMLText: Sendable {
    let storage: XMLStorage
    let run: XMLStorage.Run

    /// The text as a string.
    package var string: String { storage.string(run) }

    /// Whether there is no text.
    package var isEmpty: Bool { run.count == 0 }

    /// Whether the text is `other`.
    package func equals(_ other: StaticString) -> Bool { storage.equals(run, other) }

    /// Whether the text ends with `suffix`.
    package func hasSuffix(_ suffix: StaticString) -> Bool {
        let count = Int32(suffix.utf8CodeUnitCount)
        guard run.count >= count else { return false }
        return storage.equals(.init(start: run.start + run.count - count, count: count), suffix)
    }

    /// The text without the white space around it, as XML defines white space.
    package var trimmed: XMLText {
        storage.bytes.withUnsafeBufferPointer { bytes in
            var (start, end) = (Int(run.start), Int(run.start + run.count))
            while start < end, Self.isSpace(bytes[start]) { start += 1 }
            while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
            return XMLText(storage: storage, run: .init(start: Int32(start), count: Int32(end - start)))
        }
    }

    /// What stands before the only colon and after it, where both are names of ASCII letters, digits and `_-.`; nil for all
    /// other text.
    var halves: (prefix: XMLStorage.Run, localName: XMLStorage.Run)? {
        storage.bytes.withUnsafeBufferPointer { bytes in
            let (start, end) = (Int(run.start), Int(run.start + run.count))
            var colon: Int?
            for index in start..<end {
                if Self.isInPlainName(bytes[index]) { continue }
                guard bytes[index] == UInt8(ascii: ":"), colon == nil else { return nil }
                colon = index
            }
            guard let colon, colon > start, colon < end - 1 else { return nil }
            return (
                .init(start: run.start, count: Int32(colon - start)),
                .init(start: Int32(colon + 1), count: Int32(end - colon - 1))
            )
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func isInPlainName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
