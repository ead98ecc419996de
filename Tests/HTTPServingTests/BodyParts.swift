import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// Keeps the parts of a body as they are written.
final class BodyParts: ResponseBodyWriter {
    private let parts = Mutex<[ByteBuffer]>([])

    static func parts(of body: ResponseBody) async throws -> [ByteBuffer] {
        let writer = BodyParts()
        try await body.write(writer)
        return writer.parts.withLock { $0 }
    }

    func write(_ buffer: ByteBuffer) async throws { parts.withLock { $0.append(buffer) } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
