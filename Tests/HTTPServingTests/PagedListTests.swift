import HTTPServing
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import Testing

/// Answers that are made as their clients take them.
@Suite("Paged lists")
struct PagedListTests {
    private struct Broken: Error {}

    /// Numbers in brackets, each as often as to be long.
    private struct Writer: ListWriter {
        var bytes = Array("<".utf8)
        mutating func write(_ item: [UInt8]) { bytes += item }
        mutating func end() { bytes += ">".utf8 }
        mutating func take() -> [UInt8] {
            defer { bytes = [] }
            return bytes
        }
    }

    /// What is read, and what is written.
    private final class Trace: ResponseBodyWriter, Sendable {
        struct State {
            var read: [Int32] = []
            var longestPage = 0
            var written: [UInt8] = []
            /// Items that had been read whenever something was written.
            var readAtWrite: [Int] = []
            var isFinished = false
        }
        let state = Mutex(State())

        func write(_ buffer: ByteBuffer) async throws {
            state.withLock { state in
                state.written += buffer.readableBytesView
                state.readAtWrite.append(state.read.count)
            }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws { state.withLock { $0.isFinished = true } }
    }

    private static func item(_ id: Int32, bytes: Int) -> [UInt8] {
        let text = "\(id),"
        return Array((text + String(repeating: " ", count: max(0, bytes - text.utf8.count))).utf8)
    }

    private static func list(
        _ ids: ClosedRange<Int32>,
        bytes: Int,
        failsAfter: Int32 = .max,
        skip: Int = 0,
        top: Int = .max,
        _ trace: Trace
    ) -> PagedList<Writer, Broken> {
        PagedList(writer: Writer(), skip: skip, top: top) { id, limit throws(Broken) in
            guard id < failsAfter else { throw Broken() }
            let page = Array(ids.filter { $0 > id }.prefix(limit))
            trace.state.withLock { state in
                state.read += page
                state.longestPage = max(state.longestPage, page.count * bytes)
            }
            return .init(page, limit: limit, id: { $0 }) { item($0, bytes: bytes) }
        }
    }

    private static func ids(_ bytes: [UInt8]) -> [Int32] {
        String(decoding: bytes, as: UTF8.self).split { "<,>".contains($0) }.compactMap { part in
            Int32(part.filter { $0 != " " })
        }
    }

    @Test("A short list is sent as a whole, and says how long it is", arguments: [0, 1, 31, 32, 33, 100])
    func short(count: Int32) async throws {
        let trace = Trace()
        let body = try await Self.list(1...max(1, count), bytes: 100, top: Int(count), trace).body()
        #expect(body.contentLength == 2 + 100 * Int(count))
        try await body.write(trace)
        #expect(trace.state.withLock { Self.ids($0.written) } == Array(0..<count).map { $0 + 1 })
    }

    @Test("A long list is read no further than its client takes it, and is whole", arguments: [1, 100, 30_000])
    func long(bytes: Int) async throws {
        let trace = Trace()
        let count: Int32 = bytes == 1 ? 200_000 : bytes == 100 ? 50_000 : 200
        let body = try await Self.list(1...count, bytes: bytes, trace).body()
        #expect(body.contentLength == nil)
        let before = trace.state.withLock { $0.read.count }
        #expect(before < Int(count))
        try await body.write(trace)
        trace.state.withLock { state in
            #expect(Self.ids(state.written) == Array(1...count))
            #expect(state.isFinished)
            #expect(state.written.last == UInt8(ascii: ">"))
            // Never more than a page of what has been read was not yet written.
            #expect(state.longestPage <= 1 << 20)
            #expect(state.readAtWrite.first == before)
        }
    }

    @Test("What fails before the head is sent is thrown; what fails later ends an answer that is not whole")
    func failures() async throws {
        let trace = Trace()
        await #expect(throws: Broken.self) {
            _ = try await Self.list(1...10, bytes: 100, failsAfter: 0, trace).body()
        }
        let body = try await Self.list(1...50_000, bytes: 100, failsAfter: 20_000, trace).body()
        await #expect(throws: Broken.self) { try await body.write(trace) }
        trace.state.withLock { state in
            #expect(!state.written.isEmpty)
            #expect(!state.isFinished)
            #expect(state.written.last != UInt8(ascii: ">"))
        }
    }

    @Test(
        "Items may be left out at the beginning and at the end",
        arguments: [(0, 5), (40, 3), (95, 20), (200, 5), (3, 0)]
    )
    func parts(skip: Int, top: Int) async throws {
        let trace = Trace()
        let body = try await Self.list(1...100, bytes: 10, skip: skip, top: top, trace).body()
        try await body.write(trace)
        let expected = Array((1...100).dropFirst(skip).prefix(top)).map(Int32.init)
        #expect(trace.state.withLock { Self.ids($0.written) } == expected)
    }
}
