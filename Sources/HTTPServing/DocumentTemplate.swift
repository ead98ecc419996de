package import HummingbirdCore
import NIOCore

/// A document in which a text of the caller stands in some places. The parts between these places are in memory once,
/// however many clients read the document slowly.
package struct DocumentTemplate: Sendable {
    private let pieces: [ByteBuffer]

    /// Creates a document from the parts between the caller's texts.
    package init(_ pieces: some Sequence<some StringProtocol>) {
        self.pieces = pieces.map { ByteBuffer(string: String($0)) }
    }

    /// Returns the body that has `text` in every place.
    package func filled(with text: String) -> ResponseBody {
        let text = ByteBuffer(string: text)
        let parts = pieces.enumerated().flatMap { index, piece in index == 0 ? [piece] : [text, piece] }
        return ResponseBody(contentsOf: parts)
    }
}
