import CLibXML2
import Synchronization

/// Reads documents with libxml2's SAX2 push parser, under limits, without DTDs and without touching files or network.
///
/// Parser contexts are kept and reused, because making one costs more than parsing an envelope.
package final class XMLReader: Sendable {
    /// Reads with the default limits.
    package static let standard = XMLReader(limits: XMLLimits())

    /// The limits that every document is read under.
    package let limits: XMLLimits

    /// The contexts that wait for reuse. A burst beyond their number makes its own and drops them.
    private let idle = Mutex(IdleContexts())
    /// Fed at a time, so that a start tag's length is seen before libxml2 looks at its attributes.
    private static let chunkBytes = 16 << 10

    /// Creates a reader.
    package init(limits: XMLLimits) {
        Self.prepareLibrary
        self.limits = limits
    }

    private static let prepareLibrary: Void = xmlInitParser()

    /// Reads one document.
    ///
    /// - Parameters:
    ///   - bytes: The document as it was received.
    ///   - charset: The `charset` of its media type. It outranks the XML declaration, and a byte order mark outranks
    ///     both (RFC 7303, section 3).
    package func read(_ bytes: [UInt8], charset: String? = nil) throws(XMLReadError) -> XMLDocument {
        guard bytes.count <= limits.bytes else {
            throw .limit(.bytes, limits.bytes, remedy: limits.remedies[.bytes])
        }
        guard !bytes.isEmpty else { throw .empty }
        let order = UTF16Order(of: bytes)
        try DocumentStart.check(bytes, order)
        // What names no byte order leaves it to the document, which need not begin with a mark (RFC 2781, section 4.3).
        let names = charset.map { $0.lowercased() } ?? "utf-16"
        let charset = names == "utf-16" || names == "utf16" ? order?.encoding ?? charset : charset
        if names == "utf-8", Self.beginsInASCII(bytes) {
            let builder = parse(bytes, charset: nil, isUTF8: true)
            // Behind a converter libxml2 words some errors otherwise, and clients know those words.
            guard case .malformed = builder.failure else { return try document(of: builder) }
        }
        let builder = parse(bytes, charset: charset)
        if builder.refusesReference, let rewritten = ForbiddenReferences.rewritten(bytes, utf16: order) {
            return try document(of: parse(rewritten, charset: charset, isRewritten: true))
        }
        return try document(of: builder)
    }

    /// Whether the first bytes of a document show no other encoding than UTF-8, in which libxml2 reads what names none.
    private static func beginsInASCII(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && (1..<0x80).contains(bytes[0]) && (1..<0x80).contains(bytes[1])
    }

    /// - Parameter isUTF8: Whether the document is UTF-8 whatever it declares: without a charset, libxml2 sets up no converter
    ///   for it, which copies every byte.
    private func parse(
        _ bytes: [UInt8],
        charset: String?,
        isUTF8: Bool = false,
        isRewritten: Bool = false
    ) -> XMLTreeBuilder {
        // Each thread has a handler of its own, and tasks change threads.
        clibxml2_silence()
        let context = idle.withLock { $0.take() } ?? ParserContext()
        let builder = XMLTreeBuilder(
            limits: limits,
            names: context.names,
            documentBytes: bytes.count,
            isRewritten: isRewritten
        )
        context.parse(bytes, charset: charset, isUTF8: isUTF8, chunkBytes: Self.chunkBytes, into: builder)
        if context.isReusable { keep(context) }
        return builder
    }

    private func keep(_ context: consuming ParserContext) {
        var context: ParserContext? = context
        idle.withLock { $0.keep(&context) }
    }

    private func document(of builder: XMLTreeBuilder) throws(XMLReadError) -> XMLDocument {
        let document = builder.finish()
        if let failure = builder.failure { throw failure }
        guard let document else {
            throw .malformed(line: 1, reason: "The document ends before its first element does.")
        }
        return document
    }
}

/// A bounded stack of contexts.
private struct IdleContexts: ~Copyable {
    private var contexts = InlineArray<16, ParserContext?> { _ in nil }
    private var count = 0

    mutating func take() -> ParserContext? {
        guard count > 0 else { return nil }
        count -= 1
        return contexts[count].take()
    }

    /// Takes the context over where there is room.
    mutating func keep(_ context: inout ParserContext?) {
        guard count < contexts.count else { return }
        swap(&contexts[count], &context)
        count += 1
    }
}

/// Owns one of libxml2's push parsers.
///
/// `@unchecked Sendable`: it cannot be copied, so one thread at a time has it, and libxml2 ties a parser to no thread.
private struct ParserContext: ~Copyable, @unchecked Sendable {
    private let parser: xmlParserCtxtPtr
    let names = NamespaceNames()

    /// libxml2 interns every name it meets and never forgets one; past this size the context is dropped.
    private static let dictionaryBytes = 256 << 10

    init() {
        var handler = xmlSAXHandler()
        handler.initialized = UInt32(XML_SAX2_MAGIC)
        handler.startElementNs = { user, name, _, uri, declared, pairs, total, _, values in
            guard let user, let name else { return }
            let builder = ParserContext.builder(user)
            let text = UnsafeRawPointer(values)?.assumingMemoryBound(to: XMLTreeBuilder.Text?.self)
            let names = UnsafeRawPointer(pairs)?.assumingMemoryBound(to: XMLTreeBuilder.Text?.self)
            builder.startElement(
                name: name,
                uri: uri,
                declarations: UnsafeBufferPointer(start: names, count: names == nil ? 0 : Int(declared) * 2),
                attributes: UnsafeBufferPointer(start: text, count: text == nil ? 0 : Int(total) * 5)
            )
            ParserContext.stopIfFailed(user)
        }
        handler.endElementNs = { user, _, _, _ in
            guard let user else { return }
            ParserContext.builder(user).endElement()
        }
        let characters: charactersSAXFunc = { user, text, count in
            guard let user, let text else { return }
            ParserContext.builder(user).characters(text, count: Int(count))
            ParserContext.stopIfFailed(user)
        }
        handler.characters = characters
        // The same function, so that libxml2 does not guess which white space matters.
        handler.ignorableWhitespace = characters
        handler.cdataBlock = { user, text, count in
            guard let user, let text else { return }
            ParserContext.builder(user).characterData(text, count: Int(count))
            ParserContext.stopIfFailed(user)
        }
        handler.internalSubset = { user, _, _, _ in
            guard let user else { return }
            ParserContext.builder(user).fail(.documentType)
            ParserContext.stopIfFailed(user)
        }
        handler.processingInstruction = { user, _, _ in
            guard let user else { return }
            ParserContext.builder(user).fail(.processingInstruction)
            ParserContext.stopIfFailed(user)
        }
        handler.getEntity = { user, name in
            guard let user, let name, ParserContext.builder(user).isRewritten else { return nil }
            return ParserContext.use(user).entity(name)
        }
        handler.serror = { user, error in
            guard let user, let error = error?.pointee, error.level.rawValue >= XML_ERR_ERROR.rawValue else { return }
            // A namespace's name identifies it and need not be a URI for that: what it names is known here or ignored.
            let builder = ParserContext.builder(user)
            guard error.code != Int32(XML_WAR_NS_URI.rawValue) else { return builder.hasOtherNamespaces = true }
            if error.code == Int32(XML_ERR_INVALID_CHAR.rawValue), error.int1 > 0 { builder.refusesReference = true }
            builder.fail(ParserContext.failure(error))
            ParserContext.stopIfFailed(user)
        }
        // Out of memory is the only way this fails.
        parser = xmlCreatePushParserCtxt(&handler, nil, nil, 0, nil)!
        // Without NOENT, SAX2 reports `&amp;` in attributes as `&#38;`; it is safe because no DTD gets past
        // `internalSubset`.
        xmlCtxtUseOptions(parser, Int32(XML_PARSE_NOENT.rawValue | XML_PARSE_NONET.rawValue))
    }

    deinit {
        xmlFreeParserCtxt(parser)
    }

    var isReusable: Bool {
        Int(xmlDictGetUsage(parser.pointee.dict)) < Self.dictionaryBytes
    }

    func parse(_ bytes: [UInt8], charset: String?, isUTF8: Bool, chunkBytes: Int, into builder: XMLTreeBuilder) {
        let use = Use(builder: builder, parser: parser)
        parser.pointee.userData = Unmanaged.passUnretained(use).toOpaque()
        bytes.withUnsafeBytes { buffer in
            let text = buffer.assumingMemoryBound(to: CChar.self)
            // The first four bytes tell libxml2 the encoding (XML 1.0, appendix F).
            let head = min(4, text.count)
            let hasMark = Self.hasByteOrderMark(buffer)
            let charset = hasMark ? nil : charset
            if let charset, xmlFindCharEncodingHandler(charset).map({ _ = xmlCharEncCloseFunc($0) }) == nil {
                return builder.fail(.unsupportedEncoding(charset))
            }
            let ignoresDeclaration = Int32(XML_PARSE_IGNORE_ENC.rawValue)
            parser.pointee.options &= ~ignoresDeclaration
            if hasMark || isUTF8 || charset != nil { parser.pointee.options |= ignoresDeclaration }
            xmlCtxtResetPush(parser, text.baseAddress, Int32(head), nil, charset)
            feed(text, from: head, chunkBytes: chunkBytes, into: builder)
        }
        parser.pointee.userData = nil
        withExtendedLifetime(use) {}
    }

    private func feed(
        _ text: UnsafeBufferPointer<CChar>,
        from head: Int,
        chunkBytes: Int,
        into builder: XMLTreeBuilder
    ) {
        var position = head
        var silentBytes = 0
        var eventsSeen = 0
        repeat {
            let count = min(chunkBytes, text.count - position)
            let isLast = position + count == text.count
            xmlParseChunk(parser, text.baseAddress! + position, Int32(count), isLast ? 1 : 0)
            position += count
            silentBytes = builder.events == eventsSeen ? silentBytes + count : count
            eventsSeen = builder.events
            if silentBytes > XMLLimits.startTagBytes, parser.pointee.instate == XML_PARSER_START_TAG {
                builder.fail(.limit(.startTagBytes, XMLLimits.startTagBytes))
            }
        } while position < text.count && builder.failure == nil
    }

    /// What the callbacks of one parse get as their user data.
    private final class Use {
        let builder: XMLTreeBuilder
        let parser: xmlParserCtxtPtr
        private var entity: (declaration: UnsafeMutablePointer<xmlEntity>, content: UnsafeMutablePointer<xmlChar>)?

        init(builder: XMLTreeBuilder, parser: xmlParserCtxtPtr) {
            (self.builder, self.parser) = (builder, parser)
        }

        deinit {
            entity?.declaration.deallocate()
            entity?.content.deallocate()
        }

        /// The entity that ``ForbiddenReferences`` names so, as libxml2 has its own: it copies the content at once. Of a
        /// character of several bytes it copies but the first into an attribute, where it is then U+FFFD.
        func entity(_ name: UnsafePointer<xmlChar>) -> xmlEntityPtr? {
            guard let character = ForbiddenReferences.character(named: name) else { return nil }
            let entity = entity ?? (.allocate(capacity: 1), .allocate(capacity: 5))
            self.entity = entity
            entity.content.update(from: character + [0], count: character.count + 1)
            entity.declaration.initialize(to: xmlEntity())
            entity.declaration.pointee.type = XML_ENTITY_DECL
            entity.declaration.pointee.etype = XML_INTERNAL_PREDEFINED_ENTITY
            entity.declaration.pointee.name = name
            entity.declaration.pointee.content = entity.content
            entity.declaration.pointee.length = Int32(character.count)
            return entity.declaration
        }
    }

    private static func use(_ user: UnsafeMutableRawPointer) -> Use {
        Unmanaged<Use>.fromOpaque(user).takeUnretainedValue()
    }

    private static func builder(_ user: UnsafeMutableRawPointer) -> XMLTreeBuilder {
        use(user).builder
    }

    private static func stopIfFailed(_ user: UnsafeMutableRawPointer) {
        let use = use(user)
        if use.builder.failure != nil { xmlStopParser(use.parser) }
    }

    private static func hasByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
    }

    private static func failure(_ error: xmlError) -> XMLReadError {
        if error.code == Int32(XML_ERR_UNSUPPORTED_ENCODING.rawValue) {
            return .unsupportedEncoding(error.str1.map { String(cString: $0) } ?? "")
        }
        let message = error.message.map { String(cString: $0) } ?? "unknown error"
        let line = message.split(separator: "\n").first.map(String.init) ?? message
        // Some begin with the name of the function that found it.
        let reason = line.trimmingPrefix(#/xml[A-Za-z]+: /#)
        return .malformed(line: Int(error.line), reason: String(reason.prefix(200)))
    }
}
