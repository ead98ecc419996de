/// The digests that begin with the bytes of a ``SessionKey/id``.
package struct SessionKeyRange {
    package let first: [UInt8]
    package let last: [UInt8]

    /// nil when `id` is none.
    package init?(id: String) {
        let digits = id.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 16, !digits.contains(nil), id == id.lowercased() else { return nil }
        first = stride(from: 0, to: 16, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
        last = first + [UInt8](repeating: 0xFF, count: 24)
    }
}
