/// Writes faults (docs/contract.md#section-4), with the codes of the original's framework.
package enum FaultWriter {
    /// The whole envelope of a fault.
    ///
    /// - Parameters:
    ///   - namespace: The service's namespace.
    ///   - detail: Writes what stands in the fault's detail; nil when the fault has none.
    package static func envelope(
        for fault: SOAPFault,
        version: SOAPVersion,
        namespace: String,
        detail: ((inout AnswerWriter) -> Void)? = nil
    ) -> [UInt8] {
        var writer = AnswerWriter(shape: .framework, version: version, namespace: namespace)
        writer.beginEnvelope()
        if version == .soap12 { writer.writeFaultHeader(fault.code) }
        writer.beginBody()
        writer.markup("<s:Fault>")
        switch version {
        case .soap11: writer.write11(fault, detail)
        case .soap12: writer.write12(fault, detail)
        }
        writer.markup("</s:Fault>")
        writer.endEnvelope()
        return writer.values.bytes
    }
}

extension AnswerWriter {
    /// SOAP 1.2 tells which envelopes are supported (part 1, 5.4.7) and which blocks were not understood (5.4.8).
    fileprivate mutating func writeFaultHeader(_ code: SOAPFault.Code) {
        switch code {
        case .versionMismatch:
            markup("<s:Header><s:Upgrade>")
            for version in [SOAPVersion.soap12, .soap11] {
                markup("<s:SupportedEnvelope qname=\"e:Envelope\" xmlns:e=\"")
                attributeValue(version.namespace)
                markup("\"/>")
            }
            markup("</s:Upgrade></s:Header>")
        case .mustUnderstand(let blocks):
            markup("<s:Header>")
            for block in blocks {
                markup("<s:NotUnderstood qname=\"")
                if !block.namespace.isEmpty { markup("b:") }
                attributeValue(block.localName)
                if !block.namespace.isEmpty {
                    markup("\" xmlns:b=\"")
                    attributeValue(block.namespace)
                }
                markup("\"/>")
            }
            markup("</s:Header>")
        case .sender, .receiver, .actionNotSupported: break
        }
    }

    fileprivate mutating func write11(_ fault: SOAPFault, _ detail: ((inout AnswerWriter) -> Void)?) {
        switch fault.code {
        case .actionNotSupported:
            // The framework's own code, in the namespace that it uses without WS-Addressing.
            markup(
                "<faultcode xmlns:a=\"http://schemas.microsoft.com/ws/2005/05/addressing/none\">a:ActionNotSupported"
            )
        case .sender: markup("<faultcode>s:Client")
        case .receiver: markup("<faultcode>s:Server")
        case .versionMismatch: markup("<faultcode>s:VersionMismatch")
        case .mustUnderstand: markup("<faultcode>s:MustUnderstand")
        }
        markup("</faultcode><faultstring xml:lang=\"en\">")
        text(fault.reason)
        markup("</faultstring>")
        guard let detail else { return }
        markup("<detail>")
        detail(&self)
        markup("</detail>")
    }

    fileprivate mutating func write12(_ fault: SOAPFault, _ detail: ((inout AnswerWriter) -> Void)?) {
        markup("<s:Code><s:Value>")
        switch fault.code {
        case .sender, .actionNotSupported: markup("s:Sender")
        case .receiver: markup("s:Receiver")
        case .versionMismatch: markup("s:VersionMismatch")
        case .mustUnderstand: markup("s:MustUnderstand")
        }
        markup("</s:Value>")
        if fault.code == .actionNotSupported {
            markup("<s:Subcode><s:Value xmlns:a=\"http://schemas.microsoft.com/ws/2005/05/addressing/none\">")
            markup("a:ActionNotSupported</s:Value></s:Subcode>")
        }
        markup("</s:Code><s:Reason><s:Text xml:lang=\"en\">")
        text(fault.reason)
        markup("</s:Text></s:Reason>")
        guard let detail else { return }
        markup("<s:Detail>")
        detail(&self)
        markup("</s:Detail>")
    }
}
