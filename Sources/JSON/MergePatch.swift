/// A merge patch (RFC 7396) for an entity: an object with the members that are to change.
///
/// Three rules go beyond the RFC; the contract (docs/contract.md#section-8) states the last. A null at the top does not
/// remove the member, since an entity has all its members: the member becomes null. Further down, as in Headers and
/// Properties, null removes. A name that a member has in another case means that member, which keeps its spelling.
/// A single value where the document has an array is appended to it.
package enum MergePatch {
    /// The document with the changes. Throws ``PatchError`` (malformed) when the patch is no object.
    package static func apply(_ patch: JSONValue, to document: JSONValue) throws(PatchError) -> JSONValue {
        guard case .object(let changes) = patch else {
            throw PatchError(.malformed, "A merge patch must be an object.")
        }
        return merged(changes, into: document, keepingNulls: true)
    }

    /// - Parameter target: Counts as an object without members when it is none.
    private static func merged(_ changes: JSONObject, into target: JSONValue, keepingNulls: Bool) -> JSONValue {
        var object = if case .object(let object) = target { object } else { JSONObject() }
        object.makeIndex()
        // Names mean members of the document: of `X` and `x` in one patch, the second is not the first one's member.
        let changes = changes.map { (change: $0, place: object.place(of: $0.name)) }
        // Of several changes of one member the last counts, so that an array does not take two values.
        let lastChanges = Dictionary(
            changes.enumerated().compactMap { index, item in item.place.map { ($0, index) } },
            uniquingKeysWith: { $1 }
        )
        for (index, (change, place)) in changes.enumerated() {
            if let place {
                guard lastChanges[place] == index else { continue }
                if case .null = change.value, !keepingNulls {
                    object.remove(at: place)
                } else {
                    _ = object.change(at: place) { $0 = changed($0, by: change.value) }
                }
            } else if change.value != .null {
                object.append(changed(.null, by: change.value), named: change.name)
            }
        }
        return .object(object)
    }

    private static func changed(_ value: JSONValue, by change: JSONValue) -> JSONValue {
        switch (value, change) {
        case (.array(let items), _) where change.isSingle: .array(items + [change])
        case (_, .object(let changes)): merged(changes, into: value, keepingNulls: false)
        default: change
        }
    }
}
