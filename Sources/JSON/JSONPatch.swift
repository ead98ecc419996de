import Text

/// A JSON Patch (RFC 6902) as NetServer takes it: operations `add`, `replace`, `remove` and `test`; their members, their
/// names and the paths in any case; the leading slash of a path optional.
///
/// Three rules go beyond the RFC; the contract (docs/contract.md#section-8) states the first two. A name that a member
/// has in another case means that member, which keeps its spelling. A single value where the document has an array is
/// appended to it. An `add` below a null makes an array of the null where the path goes on with `-` or `0`, else an
/// object.
package struct JSONPatch: Sendable {
    /// How many operations one patch may have.
    package static let maximumOperations = 1_000

    private let operations: [PatchOperation]

    /// Throws ``PatchError`` (malformed) for what is no patch; it names the operation by its index.
    ///
    /// - Parameters:
    ///   - patch: An array of objects with the members `op`, `path` and, but for `remove`, `value`. Others are ignored.
    ///   - depth: How many arrays and objects a value may come to stand in, with its own. Without it a patch
    ///     could pile up what the reader refuses.
    ///   - remedy: How a refusal names what can be changed about the depth.
    package init(
        _ patch: JSONValue,
        depth: Int = JSONReader.Limits().depth,
        remedy: String? = nil
    ) throws(PatchError) {
        guard case .array(let items) = patch else {
            throw PatchError(.malformed, "A JSON Patch must be an array of operations.")
        }
        guard items.count <= Self.maximumOperations else {
            throw PatchError(
                .malformed,
                "The JSON Patch has \(items.count) operations, and \(Self.maximumOperations) are allowed."
            )
        }
        var operations: [PatchOperation] = []
        for (index, item) in items.enumerated() {
            operations.append(try PatchOperation(item, index: index, depth: depth, remedy: remedy))
        }
        self.operations = operations
    }

    /// The names of the document's members that operations add, replace or remove.
    package var members: [String] { operations.flatMap(\.members) }

    /// Whether an operation may change the document's member of that name, in any case.
    package func changes(_ name: String) -> Bool {
        operations.contains { $0.changes(name) }
    }

    /// The document after every operation, or none: throws ``PatchError`` for the first one that cannot be done, or that
    /// tests for what is not so.
    package func applied(to document: JSONValue) throws(PatchError) -> JSONValue {
        var changed = document
        for operation in operations { try operation.apply(to: &changed) }
        return changed
    }
}

/// One operation of a JSON Patch.
private struct PatchOperation: Sendable {
    private enum Action: Sendable {
        case add(JSONValue)
        case replace(JSONValue)
        case remove
        case test(JSONValue)
    }

    private let action: Action
    private let path: JSONPointer
    /// Begins the messages: `The operation at index 2 ('add' at '/Events/-')`.
    private let title: String

    init(_ operation: JSONValue, index: Int, depth: Int, remedy: String?) throws(PatchError) {
        let title = "The operation at index \(index)"
        guard case .object = operation else { throw PatchError(.malformed, "\(title) must be an object.") }
        guard case .string(let name) = operation["op"] else {
            throw PatchError(.malformed, "\(title) must have a text 'op'.")
        }
        guard case .string(let path) = operation["path"] else {
            throw PatchError(.malformed, "\(title) must have a text 'path'.")
        }
        guard let pointer = JSONPointer(path) else {
            throw PatchError(
                .malformed,
                "\(title) has the path \(Excerpt.quoted(path)): a '~' must be written '~0', and a '/' in a name '~1'."
            )
        }
        self.path = pointer
        self.title = "\(title) (\(Excerpt.quoted(name)) at \(Excerpt.quoted(path)))"
        let value = operation["value"]
        switch (name.lowercased(), value) {
        case ("remove", _): action = .remove
        case ("add", let value?): action = .add(value)
        case ("replace", let value?): action = .replace(value)
        case ("test", let value?): action = .test(value)
        case ("add", nil), ("replace", nil), ("test", nil):
            throw PatchError(.malformed, "\(self.title) must have a 'value'.")
        default:
            throw PatchError(
                .malformed,
                "\(title) is \(Excerpt.quoted(name)), which is not supported; add, replace, remove and test are."
            )
        }
        guard pointer.tokens.count + (value?.depth ?? 0) <= depth else {
            throw PatchError(.malformed, "\(self.title) goes beyond \(depth) levels of nesting\(remedy.note).")
        }
    }

    /// The names of the document's members that it adds, replaces or removes.
    var members: [String] {
        switch action {
        case .test: []
        case .add(.object(let object)) where path.tokens.isEmpty,
            .replace(.object(let object)) where path.tokens.isEmpty:
            object.map(\.name)
        case .add, .replace, .remove: path.tokens.first.map { [$0] } ?? []
        }
    }

    func changes(_ name: String) -> Bool {
        if case .test = action { return false }
        return path.tokens.first.map { CaseInsensitiveName(name).matches($0) } ?? true
    }

    func apply(to document: inout JSONValue) throws(PatchError) {
        switch action {
        case .test(let value):
            guard let isEqual = document.change(at: path.tokens[...], { $0.equals(value) }) else {
                throw PatchError(.testFailed, "\(title) failed: there is nothing.")
            }
            guard isEqual else {
                throw PatchError(.testFailed, "\(title) failed: there is another value.")
            }
        case .replace(let value):
            guard document.change(at: path.tokens[...], { $0.put(value) }) != nil else {
                throw PatchError(.malformed, "\(title) cannot be done: there is nothing to replace.")
            }
        case .add(let value):
            guard let token = path.tokens.last else { return document.put(value) }
            guard document.change(at: path.tokens.dropLast(), { $0.add(value, at: token) }) == true else {
                throw PatchError(.malformed, "\(title) cannot be done: nothing can be added there.")
            }
        case .remove:
            guard let token = path.tokens.last else {
                throw PatchError(.malformed, "\(title) cannot be done: the whole document cannot be removed.")
            }
            guard document.change(at: path.tokens.dropLast(), { $0.remove(token) }) == true else {
                throw PatchError(.malformed, "\(title) cannot be done: there is nothing to remove.")
            }
        }
    }
}
