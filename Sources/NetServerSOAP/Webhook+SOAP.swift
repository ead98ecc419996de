package import SOAP
package import WebhookModel
package import XML

/// How carriers are read and written: members in the order of the schema (docs/contract.md#section-9).
extension Webhook {
    /// Reads a `Webhook`. What the server sets is checked to be of its type and otherwise ignored; clients in languages whose
    /// dates have no time, or no year 1, write any date or time for it.
    init(_ element: XMLElement, number: ServiceNumber) throws(SOAPFault) {
        let service = FieldNamespace.service(number.namespace)
        let state = try WebhookState(element.field("State", in: service))
        try self.init(clientsPartOf: element, service: service, state: state, known: number.members)
        id = try element.field("WebhookId", in: service)?.int32() ?? 0
        for name in ["Registered", "Updated"] as [StaticString] {
            _ = try element.field(name, in: service)?.parsed(as: "dateTime") {
                ScalarType.isDateOrTime($0) ? $0 : nil
            }
        }
        for name in ["RegisteredAssociate", "UpdatedAssociate"] as [StaticString] {
            try element.field(name, in: service)?.checkAssociate(service: service)
        }
    }

    /// Reads the members that clients may set, and nothing else. Of the extras it reads those of Services88.
    ///
    /// - Parameters:
    ///   - state: The state that the service has read.
    ///   - known: The members that the client's contract has.
    package init(
        clientsPartOf element: XMLElement,
        service: FieldNamespace,
        state: WebhookState,
        known: KnownMembers
    ) throws(SOAPFault) {
        self.init()
        self.state = state
        self.known = known
        name = try element.field("Name", in: service)?.string()
        events = try element.field("Events", in: service)?.strings(service: service)
        targetURL = try element.field("TargetUrl", in: service)?.string()
        secret = try element.field("Secret", in: service)?.string()
        type = try element.field("Type", in: service)?.string()
        headers = try element.field("Headers", in: service).map { element throws(SOAPFault) in
            try StringDictionary(element, service: service)
        }
        properties = try element.field("Properties", in: service).map { element throws(SOAPFault) in
            try ObjectDictionary(element, service: service)
        }
        if known >= .of88 { extras.errorsEmail = try element.field("ErrorsEmail", in: service)?.string() }
    }

    /// Writes the members of a `Webhook` that a service number's contract has.
    func writeMembers(for number: ServiceNumber, to writer: inout XMLValueWriter) {
        writer.int("WebhookId", id)
        writer.string("Name", name)
        writer.optional("Events", .arrays("ArrayOfstring"), events) { events, writer in
            for event in events { writer.item("string", event) }
        }
        writer.string("TargetUrl", targetURL)
        writer.string("Secret", secret)
        writer.value("State", .service("WebhookState"), state.name)
        writer.string("Type", type)
        writer.optional("Headers", .service("StringDictionary"), headers) { $0.writeEntries(to: &$1) }
        writer.optional("Properties", .service("StringObjectDictionary"), properties) { $0.writeEntries(to: &$1) }
        writer.value("Registered", .schema("dateTime"), registered.description)
        Associate.write(registeredBy, "RegisteredAssociate", for: number, to: &writer)
        writer.value("Updated", .schema("dateTime"), updated.description)
        Associate.write(updatedBy, "UpdatedAssociate", for: number, to: &writer)
        if number.members >= .of88 { writer.string("ErrorsEmail", extras.errorsEmail) }
    }

    /// Writes a webhook, null when nil.
    static func write(_ webhook: Webhook?, _ name: String, for number: ServiceNumber, to writer: inout XMLValueWriter) {
        writer.optional(name, .service("Webhook"), webhook) { $0.writeMembers(for: number, to: &$1) }
    }
}

extension Associate {
    /// Writes the members of an associate that a service number's contract has.
    private func writeMembers(for number: ServiceNumber, to writer: inout XMLValueWriter) {
        writer.writeCarrierMembers()
        writer.int("AssociateId", associateID)
        writer.string("Name", name)
        writer.int("PersonId", personID)
        writer.short("Rank", rank)
        writer.string("Tooltip", tooltip)
        writer.value("Type", .service("UserType"), type.rawValue)
        writer.int("GroupIdx", groupIndex)
        writer.string("FullName", fullName)
        writer.string("FormalName", formalName)
        writer.boolean("Deleted", deleted)
        writer.int("EjUserId", ejUserID)
        if number >= .services86 { writer.string("UserName", userName) }
        if number >= .services88 {
            writer.null("ExtraFields")
            writer.null("CustomFields")
        }
    }

    /// Writes an associate, null when nil.
    static func write(
        _ associate: Associate?,
        _ name: String,
        for number: ServiceNumber,
        to writer: inout XMLValueWriter
    ) {
        writer.optional(name, .service("Associate"), associate) { $0.writeMembers(for: number, to: &$1) }
    }
}

extension XMLValueWriter {
    /// Writes an element with what `writeContent` writes of a value, null when nil.
    mutating func optional<Value>(
        _ name: String,
        _ type: TypeName,
        _ value: Value?,
        writeContent: (Value, inout XMLValueWriter) -> Void
    ) {
        guard let value else { return null(name) }
        begin(name, type)
        writeContent(value, &self)
        end(name)
    }

    /// The members of `Carrier`, which come first in whatever extends it: rights on fields, which webhooks do not have.
    mutating func writeCarrierMembers() {
        null("TableRight")
        null("FieldProperties")
    }
}

extension WebhookState {
    /// Reads a state; the first member when there is none.
    init(_ element: XMLElement?) throws(SOAPFault) {
        self = try element?.parsed(as: "WebhookState") { WebhookState(name: $0) } ?? .unknown
    }
}

extension StringDictionary {
    /// Reads a `StringDictionary`, or another dictionary of strings whose pairs are called otherwise.
    init(
        _ element: XMLElement,
        pair name: StaticString = "StringKeyValuePair",
        service: FieldNamespace
    ) throws(SOAPFault) {
        self.init()
        for pair in element.items(name, service: service) {
            entries.append(
                .init(key: try pair.key(service: service), value: try pair.field("Value", in: service)?.string())
            )
        }
    }
}

extension StringDictionary {
    /// Writes the pairs.
    package func writeEntries(to writer: inout XMLValueWriter) {
        for entry in entries {
            writer.begin("StringKeyValuePair")
            writer.string("Key", entry.key)
            writer.string("Value", entry.value)
            writer.end("StringKeyValuePair")
        }
    }
}

extension XMLElement {
    /// Checks the members of an `Associate` that are not text.
    fileprivate func checkAssociate(service: FieldNamespace) throws(SOAPFault) {
        for name in ["AssociateId", "PersonId", "GroupIdx", "EjUserId"] as [StaticString] {
            _ = try field(name, in: service)?.int32()
        }
        _ = try field("Rank", in: service)?.int16()
        _ = try field("Deleted", in: service)?.boolean()
        _ = try field("Type", in: service)?.parsed(as: "UserType") { UserType(rawValue: $0) }
    }
}
