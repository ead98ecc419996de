import SOAP
import Synchronization

/// What stands around the results of operations that succeeded: made once for each operation and form.
final class AnswerFrames: Sendable {
    /// The answers that have the same frame.
    struct Form: Hashable {
        let element: String
        let service: ServiceName
        let number: ServiceNumber
        let version: SOAPVersion
        let isDocumented: Bool
    }

    /// The bytes before a result and after it.
    struct Frame: Sendable {
        let head: [UInt8]
        let tail: [UInt8]
    }

    private let frames = Mutex<[Form: Frame]>([:])

    /// Returns the frame of a form, whose elements are those of operations.
    func frame(_ form: Form, madeBy make: () -> Frame) -> Frame {
        if let frame = frames.withLock({ $0[form] }) { return frame }
        let frame = make()
        frames.withLock { $0[form] = frame }
        return frame
    }
}
