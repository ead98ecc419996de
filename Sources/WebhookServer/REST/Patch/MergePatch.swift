/// A merge patch (RFC 7396) for an entity: an object with the members that are to change.
///
/// Three rules go beyond the RFC; the contract (section 8) states the last. A null at the top does not remove the
/// member, since an entity has all its members: the member becomes null. Further down, as in Headers and
/// Properties, null removes. A name that a member has in another case means that member, which keeps its spelling.
/// A single value where the document has an array is appended to it.
enum MergePatch {
    /// The document with the changes. Throws ``PatchError`` (malformed) when the patch is no object.
    static func apply(_ patch: JSONNode, to document: JSONNode) throws(PatchError) -> JSONNode {
        guard case .object(let changes) = patch else {
            throw PatchError(.malformed, "A merge patch must be an object.")
        }
        return merged(changes, into: document, keepingNulls: true)
    }

    /// - Parameter target: Counts as an object without members when it is none.
    private static func merged(
        _ changes: [JSONNode.Member],
        into target: JSONNode,
        keepingNulls: Bool
    ) -> JSONNode {
        var table = MemberTable<JSONNode>()
        if case .object(let members) = target {
            for member in members { table.append(member.value, named: member.name) }
        }
        // Names mean members of the document: of `X` and `x` in one patch, the second is not the first one's member.
        let places = changes.map { table.place(of: $0.name) }
        // Of several changes of one member the last counts, so that an array does not take two values.
        let lastChanges = Dictionary(
            zip(places, changes.indices).compactMap { place, index in place.map { ($0, index) } },
            uniquingKeysWith: { $1 }
        )
        for (index, change) in changes.enumerated() {
            if let place = places[index] {
                guard lastChanges[place] == index, let value = table.value(at: place) else { continue }
                if case .null = change.value, !keepingNulls {
                    table.remove(at: place)
                } else {
                    table.set(changed(value, by: change.value), at: place)
                }
            } else if change.value != .null {
                table.append(changed(.null, by: change.value), named: change.name)
            }
        }
        return .object(table.members.map { .init(name: $0.name, value: $0.value) })
    }

    private static func changed(_ value: JSONNode, by change: JSONNode) -> JSONNode {
        switch (value, change) {
        case (.array(let items), _) where change.isSingle: .array(items + [change])
        case (_, .object(let changes)): merged(changes, into: value, keepingNulls: false)
        default: change
        }
    }
}
