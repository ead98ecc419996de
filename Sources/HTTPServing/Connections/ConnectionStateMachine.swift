/// The requests and answers of one HTTP/1 connection: what may go on, what is refused, and when the connection ends.
///
/// The machine does nothing itself. Each event changes the state and returns what ``HTTPConnectionGuard`` must do. Requests
/// come one at a time: the next one begins after the answer to the one before it.
struct ConnectionStateMachine {
    /// What the rest of the exchange must know of a request's head.
    struct Request: Hashable, Sendable {
        /// Whether the client wants to go on with the connection.
        var keepsConnection = true
        /// Whether the client knows no chunks, and must be told that the connection is kept.
        var isHTTP10 = false
        /// Whether the answer has no body.
        var isHEAD = false
    }

    /// How much of a request has arrived.
    enum Arrival: Hashable, Sendable {
        case arriving(bodyBytes: Int)
        case complete
        /// The body is too long. Nothing more is read, and the connection ends after the answer.
        case refused
    }

    /// What happens to bytes that arrive after the last answer.
    enum Remainder: Hashable, Sendable {
        /// They are read and thrown away.
        case discarded(bytes: Int)
        /// They are not read: there were too many.
        case unread
    }

    enum State: Hashable, Sendable {
        /// No request has begun since the last answer. A part of a head may have come.
        case idle
        /// The head of a request did not end in time; the parser is about to report it as an error.
        case headExpired
        /// A request has begun, and its answer has not.
        case awaitingAnswer(Request, Arrival)
        /// The head of an answer is written, and its end is not. The connection ends after the answer when its head said
        /// so, and when the request was refused.
        case answering(saysClose: Bool, Arrival)
        /// The answer is written, and the rest of the request is still arriving.
        case awaitingRequestEnd(bodyBytes: Int)
        /// The end of the last answer is written; the system has not taken it yet.
        case finishing(Remainder)
        /// The last answer is out and the output is closed. The client has a moment to read the answer.
        case lingering(Remainder)
        case closed
    }

    private(set) var state = State.idle
    /// How much of a body is passed on, in bytes.
    let passedBytes: Int
    /// How much of a body is read, in bytes; a longer one is refused.
    let readBytes: Int

    init(passedBytes: Int, readBytes: Int) {
        (self.passedBytes, self.readBytes) = (passedBytes, readBytes)
    }

    /// Whether the last answer is written, so that nothing that the client still sends matters.
    var hasFinished: Bool {
        switch state {
        case .finishing, .lingering, .closed: true
        default: false
        }
    }

    /// Whether bytes are read from the client.
    var reads: Bool {
        switch state {
        case .awaitingAnswer(_, .refused), .answering(_, .refused), .finishing(.unread), .lingering(.unread): false
        default: true
        }
    }

    /// Whether the client owes the rest of a request, for which it has a limited time.
    ///
    /// - Parameter hasPartialHead: Whether a part of a head has come that is not a request yet.
    func awaitsRequest(hasPartialHead: Bool) -> Bool {
        switch state {
        case .idle: hasPartialHead
        case .awaitingAnswer(_, .arriving), .answering(_, .arriving), .awaitingRequestEnd: true
        default: false
        }
    }
}

// MARK: - Requests

extension ConnectionStateMachine {
    enum InboundAction: Hashable, Sendable {
        /// Pass the part on.
        case pass
        /// Pass the beginning of the part on, this many bytes of it.
        case passBeginning(bytes: Int)
        /// Throw the part away.
        case discard
        /// Throw the part away, read nothing more, and close the connection if no answer ends it soon.
        case stopReading
        /// Throw the part away, close the output, and close the connection in a moment.
        case linger
    }

    mutating func receiveHead(_ request: Request) -> InboundAction {
        guard state == .idle else { return .discard }
        state = .awaitingAnswer(request, .arriving(bodyBytes: 0))
        return .pass
    }

    mutating func receiveBody(bytes: Int) -> InboundAction {
        guard let before = arrivedBodyBytes else { return .discard }
        let total = before + bytes
        guard total <= readBytes else { return refuseBody() }
        switch state {
        case .awaitingAnswer(let request, _): state = .awaitingAnswer(request, .arriving(bodyBytes: total))
        case .answering(let saysClose, _): state = .answering(saysClose: saysClose, .arriving(bodyBytes: total))
        case .awaitingRequestEnd: state = .awaitingRequestEnd(bodyBytes: total)
        case .finishing:
            state = .finishing(.discarded(bytes: total))
            return .discard
        case .lingering:
            state = .lingering(.discarded(bytes: total))
            return .discard
        case .idle, .headExpired, .closed: return .discard
        }
        let room = max(0, passedBytes - before)
        guard bytes > room else { return .pass }
        return room > 0 ? .passBeginning(bytes: room) : .discard
    }

    mutating func receiveEnd() -> InboundAction {
        switch state {
        case .awaitingAnswer(let request, .arriving): state = .awaitingAnswer(request, .complete)
        case .answering(let saysClose, .arriving): state = .answering(saysClose: saysClose, .complete)
        case .awaitingRequestEnd: state = .idle
        default: return .discard
        }
        return .pass
    }

    /// The body is longer than anybody reads. The client may still get an answer, and time to read it: closing at once
    /// would throw away an answer on its way.
    mutating func refuseBody() -> InboundAction {
        switch state {
        case .awaitingAnswer(let request, .arriving):
            state = .awaitingAnswer(request, .refused)
            return .stopReading
        case .answering(let saysClose, .arriving):
            state = .answering(saysClose: saysClose, .refused)
            return .stopReading
        case .awaitingRequestEnd:
            state = .lingering(.unread)
            return .linger
        case .finishing: state = .finishing(.unread)
        case .lingering: state = .lingering(.unread)
        default: break
        }
        return .discard
    }

    /// How much of the body that is arriving has come; nil when none is taken.
    private var arrivedBodyBytes: Int? {
        switch state {
        case .awaitingAnswer(_, .arriving(let bytes)), .answering(_, .arriving(let bytes)),
            .awaitingRequestEnd(let bytes), .finishing(.discarded(let bytes)), .lingering(.discarded(let bytes)):
            bytes
        default: nil
        }
    }
}

// MARK: - Requests that cannot be answered by the service

extension ConnectionStateMachine {
    enum RejectionAction: Hashable, Sendable {
        /// Write a whole answer that ends the connection.
        case respond(hasBody: Bool)
        /// Close the output, and close the connection in a moment.
        case linger
        /// Close the connection: a part of another answer is out.
        case close
        case ignore
    }

    enum ExpiryAction: Hashable, Sendable {
        /// Write a whole answer that ends the connection.
        case respond(hasBody: Bool)
        /// Report a parser's error, so that the handlers before this one let an answer without a request pass.
        case reportParserError
        case close
    }

    /// Refuses a request that cannot be read, or that is not for a service.
    mutating func reject() -> RejectionAction {
        switch state {
        case .idle, .headExpired:
            state = .finishing(.discarded(bytes: 0))
            return .respond(hasBody: true)
        case .awaitingAnswer(let request, .arriving), .awaitingAnswer(let request, .complete):
            state = .finishing(.discarded(bytes: arrivedBodyBytes ?? 0))
            return .respond(hasBody: !request.isHEAD)
        case .answering(_, .arriving), .answering(_, .complete):
            state = .closed
            return .close
        case .awaitingRequestEnd(let bytes):
            // One request has one answer, and this one is out.
            state = .lingering(.discarded(bytes: bytes))
            return .linger
        case .awaitingAnswer(_, .refused), .answering(_, .refused), .finishing, .lingering, .closed: return .ignore
        }
    }

    /// Ends the request that did not arrive within its time.
    mutating func expireRequest(hasPartialHead: Bool) -> ExpiryAction {
        switch state {
        case .idle where hasPartialHead:
            state = .headExpired
            return .reportParserError
        case .awaitingAnswer(let request, .arriving(let bytes)):
            state = .finishing(.discarded(bytes: bytes))
            return .respond(hasBody: !request.isHEAD)
        default:
            state = .closed
            return .close
        }
    }
}

// MARK: - Answers

extension ConnectionStateMachine {
    /// The answer that the service is about to write.
    struct Answer: Hashable, Sendable {
        /// Whether the client cannot tell where the body ends unless it is chunked.
        var needsChunks = false
        /// Whether the service is about to stop.
        var isDraining = false
    }

    enum AnswerHeadAction: Hashable, Sendable {
        /// Write the head with this header `Connection`, if any, and in HTTP/1.0, which has no chunks, if so.
        case write(connection: String?, isHTTP10: Bool)
        case fail
    }

    enum AnswerEndAction: Hashable, Sendable {
        case write
        /// Write the end, and call ``finishAnswer()`` when the system has taken it.
        case writeAndFinish
        case fail
    }

    mutating func beginAnswer(_ answer: Answer) -> AnswerHeadAction {
        guard case .awaitingAnswer(let request, let arrival) = state else { return .fail }
        // An answer of unknown length ends with its connection where the client knows no chunks.
        let isUnbounded = request.isHTTP10 && !request.isHEAD && answer.needsChunks
        let saysClose = isUnbounded || answer.isDraining || !request.keepsConnection || arrival == .refused
        state = .answering(saysClose: saysClose, arrival)
        return .write(connection: saysClose ? "close" : request.isHTTP10 ? "keep-alive" : nil, isHTTP10: isUnbounded)
    }

    /// Whether parts of an answer that are neither its head nor its end may be written.
    var takesAnswerParts: Bool {
        switch state {
        case .awaitingAnswer, .answering: true
        default: false
        }
    }

    mutating func endAnswer() -> AnswerEndAction {
        switch state {
        case .answering(saysClose: false, .complete):
            state = .idle
            return .write
        case .answering(saysClose: false, .arriving(let bytes)):
            state = .awaitingRequestEnd(bodyBytes: bytes)
            return .write
        case .answering(_, .refused):
            state = .finishing(.unread)
            return .writeAndFinish
        case .answering(saysClose: true, _):
            state = .finishing(.discarded(bytes: arrivedBodyBytes ?? 0))
            return .writeAndFinish
        default: return .fail
        }
    }

    /// The system has taken the last answer. Returns whether the output must be closed now.
    mutating func finishAnswer() -> Bool {
        guard case .finishing(let remainder) = state else { return false }
        state = .lingering(remainder)
        return true
    }

    /// The last answer is out, written by a handler that this machine does not know of.
    mutating func finish() { if state == .idle { state = .lingering(.discarded(bytes: 0)) } }

    mutating func close() { state = .closed }
}
