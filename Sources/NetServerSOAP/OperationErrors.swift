/// How an operation that fails is answered over SOAP (docs/contract.md#section-4).
package enum OperationErrors: String, Sendable, CaseIterable {
    /// HTTP 200 with `Succeeded` false and `ExceptionInfo` in the Header, as NetServer does.
    case header
    /// A fault whose detail holds `ExceptionDetail` and `SoExceptionInfo`, for toolkits that ignore headers.
    case fault
}
