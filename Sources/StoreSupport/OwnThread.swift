import Foundation
package import StoreContracts

/// Calls `body`, which blocks, on a thread of its own.
package func onOwnThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(returning: Result { () throws(StoreError) in try body() })
        }
    }
    return try result.get()
}
