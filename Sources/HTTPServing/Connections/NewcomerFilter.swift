import NIOCore

/// Has the system ignore clients that ask a listener for a connection. The clients ask again after a second, and are refused
/// then if the listener is closed.
enum NewcomerFilter {
    /// Why there is no filter.
    enum FilterError: Error {
        case notHere
    }

    /// One instruction of Linux's socket filters, `struct sock_filter`.
    private struct Instruction {
        let code: UInt16
        let ifTrue: UInt8
        let ifFalse: UInt8
        let operand: UInt32
    }

    /// `struct sock_fprog`.
    ///
    /// `@unchecked Sendable`: nothing changes the instructions after they are copied, and ``attach(to:)`` frees the copy only
    /// when the system has taken it.
    private struct Program: @unchecked Sendable {
        let count: UInt16
        let instructions: UnsafePointer<Instruction>
    }

    /// Drops TCP segments that have SYN set, and no others: handshakes that have begun come to their end.
    private static let instructions = [
        // Load the byte that holds the flags.
        Instruction(code: 0x30, ifTrue: 0, ifFalse: 0, operand: 13),
        // Go on with the next instruction if SYN is among them, else pass over it.
        Instruction(code: 0x45, ifTrue: 0, ifFalse: 1, operand: 0x02),
        // Keep nothing.
        Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0),
        // Keep everything.
        Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: .max),
    ]

    /// Has the system drop new connections to `listener`.
    ///
    /// Throws ``FilterError`` on a system without such filters, and what setting the socket's option throws.
    static func attach(to listener: any Channel) async throws {
        #if os(Linux)
            guard let socket = listener as? any SocketOptionProvider else { throw FilterError.notHere }
            let copy = UnsafeMutableBufferPointer<Instruction>.allocate(capacity: instructions.count)
            _ = copy.initialize(from: instructions)
            defer { copy.deallocate() }
            guard let start = copy.baseAddress else { throw FilterError.notHere }
            try await socket.unsafeSetSocketOption(
                level: .socket,
                name: .init(rawValue: 26),  // SO_ATTACH_FILTER
                value: Program(count: UInt16(copy.count), instructions: start)
            ).get()
        #else
            throw FilterError.notHere
        #endif
    }
}
