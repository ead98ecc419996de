/// The header blocks of an answer (docs/contract.md#section-4). `Succeeded` is always sent, the others when they say
/// something.
package struct ResponseHeader: Sendable {
    /// nil when the operation succeeded.
    package var exception: ExceptionInfo?
    /// Echoes the request's.
    package var timeZone: TimeZoneBlock?

    /// Creates a response header.
    package init(exception: ExceptionInfo? = nil, timeZone: TimeZoneBlock? = nil) {
        self.exception = exception
        self.timeZone = timeZone
    }
}

/// `SoExceptionInfo`: how NetServer's clients learn that an operation failed.
package struct ExceptionInfo: Sendable, Hashable {
    /// What is wrong, naming the id or field.
    package var message: String
    /// What a person is shown.
    package var friendlyText: String
    /// The full type name.
    package var exceptionType: String
    /// The operation it happened in.
    package var source: String
    /// Field name and what is wrong with it.
    package var parameters: [Parameter]

    /// One entry of `Parameters`.
    package struct Parameter: Sendable, Hashable {
        /// The field.
        package var key: String
        /// What is wrong with it.
        package var value: String

        /// Creates a parameter.
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// Creates exception information.
    package init(
        message: String,
        friendlyText: String,
        exceptionType: String,
        source: String,
        parameters: [Parameter] = []
    ) {
        self.message = message
        self.friendlyText = friendlyText
        self.exceptionType = exceptionType
        self.source = source
        self.parameters = parameters
    }
}

extension AnswerWriter {
    /// Writes the Header, blocks in the order in which the WSDL binds them.
    mutating func write(_ header: ResponseHeader) {
        let isDocumented = isDocumented
        markup(isDocumented ? "<SOAP-ENV:Header>" : "<s:Header>")
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
        markup(isDocumented ? "</SOAP-ENV:Header>" : "</s:Header>")
    }
}

extension XMLValueWriter {
    /// Writes the members of `SoExceptionInfo`. The stack trace is always empty: it would tell of the service's insides.
    mutating func writeMembers(of exception: ExceptionInfo) {
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
