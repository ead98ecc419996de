import Foundation

/// Text as .NET and the databases compare it: two are the same when their characters are.
///
/// Swift's `==`, and with it sets and dictionaries of `String`, also takes é for e and an accent, and U+212A (Kelvin) for K.
/// Of two secrets that are equal so, one would sign for the other. Text of clients is compared and looked up as this;
/// names without regard to case as ``CaseInsensitiveName``, those of events and users as ``Swift/String/caseFolded``.
package struct ExactText: Hashable, Sendable {
    /// The text.
    package let text: String

    /// The text as it is.
    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.isSame(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both are the same characters.
    package func isSame(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { other in
                own.isEmpty || memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension String? {
    /// Whether both are the same characters, or both nil.
    package func isSame(as other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let own?, let other?): own.isSame(as: other)
        default: false
        }
    }
}
