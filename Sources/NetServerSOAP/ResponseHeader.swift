import SOAP

/// The header blocks of an answer (docs/contract.md#section-4). `Succeeded` is always sent, the others when they say something.
struct ResponseHeader: Sendable {
    /// nil when the operation succeeded.
    var exception: ExceptionInfo?
    /// Echoes the request's.
    var timeZone: TimeZoneBlock?
}

/// `SoExceptionInfo`: how NetServer's clients learn that an operation failed.
struct ExceptionInfo: Sendable, Hashable {
    /// What is wrong, naming the id or field.
    var message: String
    /// What a person is shown.
    var friendlyText: String
    /// The full type name.
    var exceptionType: String
    /// The operation it happened in.
    var source: String
    /// Field name and what is wrong with it.
    var parameters: [Parameter] = []

    /// One entry of `Parameters`.
    struct Parameter: Sendable, Hashable {
        /// The field.
        var key: String
        /// What is wrong with it.
        var value: String
    }
}

extension AnswerWriter {
    /// Begins an answer, up to what its response element holds. The blocks of the Header stand in the order in which the
    /// WSDL binds them.
    mutating func beginAnswer(_ element: String, header: ResponseHeader) {
        beginAnswer()
        if let exception = header.exception {
            beginBlock("ExceptionInfo")
            values.untyped { $0.writeMembers(of: exception) }
            endBlock("ExceptionInfo")
        }
        beginBlock("Succeeded")
        text(header.exception == nil ? "true" : "false")
        endBlock("Succeeded")
        if let zone = header.timeZone {
            beginBlock("TimeZone")
            values.untyped {
                $0.int("SoTimeZoneId", zone.id)
                $0.string("SoTimeZoneLocationCode", zone.locationCode)
            }
            endBlock("TimeZone")
        }
        beginResponse(element)
    }

    /// Writes the detail of a fault that says how an operation failed.
    ///
    /// First comes what clients of the original's framework know: its `ExceptionDetail`, which Mono's client takes the
    /// first element of a detail for. Its members stand in the order of its data contract.
    mutating func writeDetail(_ exception: ExceptionInfo) {
        markup("<ExceptionDetail xmlns=\"http://schemas.datacontract.org/2004/07/System.ServiceModel\">")
        values.null("HelpLink")
        values.null("InnerException")
        values.string("Message", exception.message)
        values.null("StackTrace")
        values.string("Type", exception.exceptionType)
        markup("</ExceptionDetail>")
        beginBlock("SoExceptionInfo")
        values.writeMembers(of: exception)
        endBlock("SoExceptionInfo")
    }
}

extension XMLValueWriter {
    /// Writes the members of `SoExceptionInfo`. The stack trace is always empty: it would tell of the service's insides.
    fileprivate mutating func writeMembers(of exception: ExceptionInfo) {
        string("Message", exception.message)
        string("StackTrace", "")
        string("FriendlyText", exception.friendlyText)
        string("ExceptionType", exception.exceptionType)
        string("Source", exception.source)
        null("InnerException")
        guard !exception.parameters.isEmpty else { return null("Parameters") }
        begin("Parameters")
        for parameter in exception.parameters {
            begin("SoExceptionInfoParametersKeyValuePair")
            string("Key", parameter.key)
            string("Value", parameter.value)
            end("SoExceptionInfoParametersKeyValuePair")
        }
        end("Parameters")
    }
}
