package import HummingbirdCore
import NIOCore

/// Writes the items of a list one after the other, with what stands before, between and after them.
package protocol ListWriter: Sendable {
    /// An item of the list.
    associatedtype Item: Sendable

    /// Writes an item, and what stands between it and the one before.
    mutating func write(_ item: Item)
    /// Writes what stands after the last item.
    mutating func end()
    /// Returns the bytes that have been written since the last call.
    mutating func take() -> [UInt8]
}

/// An answer that is a list of any length. The list is read from the store, written and sent page by page, as the client
/// takes it, so that it is never in memory as a whole.
///
/// Ids ascend, and each item is as it was when its page was read. An item that changes meanwhile is listed as it was or as
/// it is.
package struct PagedList<Writer: ListWriter, Failure: Error>: Sendable {
    /// A part of the list.
    package struct Page: Sendable {
        package var items: [Writer.Item]
        /// The id after which the list goes on; nil at its end.
        package var next: Int32?

        /// Creates a page from the items that were read for `limit`. Fewer items than `limit` are the end of the list.
        package init<Read>(_ read: [Read], limit: Int, id: (Read) -> Int32, item: (Read) -> Writer.Item) {
            items = read.map(item)
            next = read.count < limit ? nil : read.last.map(id)
        }
    }

    /// Reads up to `limit` items whose ids follow `id`.
    package typealias Read = @Sendable (_ id: Int32, _ limit: Int) async throws(Failure) -> Page

    private let read: Read
    private var writer: Writer
    private var next: Int32? = 0
    private var limit = Self.firstPage
    private var skipped: Int
    private var left: Int

    /// The size in bytes up to which a list is sent as a whole, with its length.
    private static var wholeBytes: Int { 256 << 10 }
    /// About how many bytes are written at a time.
    private static var pieceBytes: Int { 64 << 10 }
    private static var firstPage: Int { 32 }
    private static var longestPage: Int { 512 }

    /// Creates a list that has not been read.
    ///
    /// - Parameters:
    ///   - skip: Items that are left out at the beginning.
    ///   - top: Items that are listed at most.
    package init(writer: Writer, skip: Int = 0, top: Int = .max, read: @escaping Read) {
        self.writer = writer
        self.read = read
        skipped = skip
        left = top
    }

    /// Reads the beginning, and returns the body that holds it and the rest. Throws what reading the beginning throws; what
    /// fails later ends the connection, so that nobody takes a part for the whole.
    package func body() async throws(Failure) -> ResponseBody {
        var list = self
        var beginning: [UInt8] = []
        while beginning.count <= Self.wholeBytes {
            guard let piece = try await list.piece() else {
                return ResponseBody(byteBuffer: ByteBuffer(bytes: beginning))
            }
            beginning += piece
        }
        let (rest, first) = (list, ByteBuffer(bytes: beginning))
        return ResponseBody { writer in
            var list = rest
            try await writer.write(first)
            while let piece = try await list.piece() { try await writer.write(ByteBuffer(bytes: piece)) }
            try await writer.finish(nil)
        }
    }

    /// Returns the next part; nil after the end.
    private mutating func piece() async throws(Failure) -> [UInt8]? {
        guard let id = next else { return nil }
        let page = try await read(id, limit)
        let items = page.items.dropFirst(skipped).prefix(left)
        for item in items { writer.write(item) }
        skipped -= min(skipped, page.items.count)
        left -= items.count
        next = left > 0 ? page.next : nil
        if next == nil { writer.end() }
        let bytes = writer.take()
        // By what these items came to, however long single ones are.
        let length = max(1, bytes.count / max(1, page.items.count))
        limit = min(Self.longestPage, max(1, Self.pieceBytes / length))
        return bytes
    }
}
