import CZlib
import NIOCore

/// Unpacks one body that was packed with zlib's algorithm.
package final class Inflation {
    /// How the body was packed, by the names of HTTP's codings.
    package enum Format: Equatable {
        /// `gzip` and `x-gzip`: one member or several, one after the other (RFC 1952, section 2.2).
        case gzip
        /// `deflate`: with zlib's header, as the RFC says, or without, as old clients send it (RFC 9110, section 8.4.1.2).
        case deflate

        init?(coding: String) {
            switch coding {
            case "gzip", "x-gzip": self = .gzip
            case "deflate": self = .deflate
            default: return nil
            }
        }
    }

    /// Why a body cannot be unpacked; fit for its sender.
    package enum InflationError: Error, Equatable {
        /// The body is not what its header says.
        case notPacked(Format)
        /// The body ends too early.
        case cutOff(Format)
        /// Something follows.
        case goesOn
        /// The system has no memory for it.
        case noMemory

        /// The sentence for the sender.
        package var text: String {
            switch self {
            case .notPacked(let format): "The body is not packed with \(format), as its header says, or is damaged."
            case .cutOff(let format): "The body ends before what is packed in it with \(format) does."
            case .goesOn: "The body goes on after the end of what is packed in it with deflate."
            case .noMemory: "The body cannot be unpacked now."
            }
        }
    }

    private let format: Format
    /// zlib keeps the stream's address, so it needs one of its own.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isOpen = false
    /// Whether nothing follows, as far as what was unpacked can tell.
    private var isComplete = true
    /// Bytes that do not yet tell with or without a header.
    private var start = ByteBuffer()

    private static let outputBytes = 64 << 10

    init(_ format: Format) {
        self.format = format
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isOpen { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Unpacks `input` and passes what comes of it on, piece by piece. Throws ``InflationError``, and what `pass` throws.
    func unpack(_ input: ByteBuffer, pass: (ByteBuffer) throws -> Void) throws {
        var input = input
        start.writeBuffer(&input)
        guard isOpen || start.readableBytes > 1 else {
            isComplete = start.readableBytes == 0
            return
        }
        var packed = start
        start = ByteBuffer()
        if !isOpen { try open(packed) }
        while packed.readableBytes > 0 {
            if isComplete { try beginMember() }
            try unpackMember(&packed, pass)
        }
    }

    /// Throws ``InflationError`` when something is missing.
    func finish() throws(InflationError) {
        guard isComplete else { throw .cutOff(format) }
    }

    private func open(_ packed: ByteBuffer) throws(InflationError) {
        // Bits of the window, as zlib is told of the format: 16 more for gzip, negative for no header.
        let bits: Int32 =
            switch format {
            case .gzip: 15 + 16
            case .deflate: Self.hasHeader(packed) ? 15 : -15
            }
        guard czlib_inflate_init(stream, bits) == Z_OK else { throw .noMemory }
        isOpen = true
        isComplete = false
    }

    private func beginMember() throws(InflationError) {
        guard format == .gzip else { throw .goesOn }
        guard inflateReset(stream) == Z_OK else { throw .noMemory }
        isComplete = false
    }

    private func unpackMember(_ packed: inout ByteBuffer, _ pass: (ByteBuffer) throws -> Void) throws {
        var status = Z_OK
        repeat {
            var output = ByteBuffer()
            try packed.readWithUnsafeMutableReadableBytes { input in
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
                stream.pointee.avail_in = uInt(input.count)
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.outputBytes) { room in
                    stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: Bytef.self)
                    stream.pointee.avail_out = uInt(min(room.count, Self.outputBytes))
                    status = inflate(stream, Z_NO_FLUSH)
                    return min(room.count, Self.outputBytes) - Int(stream.pointee.avail_out)
                }
                let consumed = input.count - Int(stream.pointee.avail_in)
                (stream.pointee.next_in, stream.pointee.next_out) = (nil, nil)
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                    throw status == Z_MEM_ERROR ? InflationError.noMemory : InflationError.notPacked(format)
                }
                return consumed
            }
            if output.readableBytes > 0 { try pass(output) }
        } while status == Z_OK && (packed.readableBytes > 0 || stream.pointee.avail_out == 0)
        isComplete = status == Z_STREAM_END
    }

    /// Whether a body begins as RFC 1950, section 2.2, says.
    private static func hasHeader(_ packed: ByteBuffer) -> Bool {
        guard let first = packed.getInteger(at: packed.readerIndex, as: UInt16.self) else { return false }
        return (first >> 8) & 0x0F == 8 && first % 31 == 0
    }
}
