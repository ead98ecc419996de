/// Text that costs no more to compare than it is long.
///
/// Swift compares strings as Unicode wants it, in normal form, for which the combining characters of a run are sorted; and
/// sorting a run costs the square of its length. A megabyte of accents would keep a core busy for hours. No language has
/// more than a handful of them in a row, and Unicode's own Stream-Safe Text Format allows 30 (UAX #15, section 13).
package enum StreamSafeText {
    /// Combining characters in a row, at most.
    package static let longestRun = 64

    /// What is wrong with other text, for its sender.
    package static let problem = "more than \(longestRun) combining characters in a row"

    /// Whether `text` holds no longer run.
    package static func isSafe(_ text: String) -> Bool {
        var text = text
        return text.withUTF8(isSafe)
    }

    /// Whether a part of a text holds no longer run.
    package static func isSafe(_ text: Substring) -> Bool {
        var text = text
        return text.withUTF8(isSafe)
    }

    /// Whether `text`, in UTF-8, holds no longer run.
    package static func isSafe(_ text: [UInt8]) -> Bool {
        text.withUnsafeBufferPointer(isSafe)
    }

    /// Every request passes here several times, so that this is no generic function: other modules do not specialize it.
    private static func isSafe(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // Nearly all text is ASCII, which shows in eight bytes at a time.
        let words = UnsafeRawBufferPointer(text)
        var start = 0
        while start + 8 <= words.count,
            words.loadUnaligned(fromByteOffset: start, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            start += 8
        }
        // Below U+0300, which 0xCC begins, there are no combining characters.
        guard let first = text[start...].firstIndex(where: { $0 >= 0xCC }) else { return true }
        var run = 0
        for scalar in String(decoding: text[first...], as: UTF8.self).unicodeScalars {
            guard scalar.value >= 0x300, scalar.properties.canonicalCombiningClass != .notReordered else {
                run = 0
                continue
            }
            run += 1
            if run > longestRun { return false }
        }
        return true
    }
}
