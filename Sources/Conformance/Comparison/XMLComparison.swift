package import XML

/// An answer compared with the expected one as XML: prefixes, namespace declarations, the order of attributes, white space
/// between elements and comments do not count; the order of elements does.
package struct XMLComparison: Sendable {
    /// The differences in document order; none when the two are the same.
    package let differences: [XMLDifference]
    /// How many expected elements were compared.
    package let elements: Int

    /// Compares two documents.
    ///
    /// - Parameters:
    ///   - expected: The document element of the fixture's answer, in which placeholders stand.
    ///   - actual: The document element of the answer that came.
    ///   - variables: What placeholders stand for; gets the values that the answer binds.
    package init(expected: XMLElement, actual: XMLElement, variables: inout FixtureVariables) {
        var walk = ComparisonWalk(variables: variables)
        let path = "/\(expected.name)"
        if expected.name == actual.name {
            walk.compare(expected, actual, at: path)
        } else {
            walk.note(path, "\(ExpandedName(expected))", "\(ExpandedName(actual))")
        }
        variables = walk.variables
        differences = walk.differences
        elements = walk.elements
    }
}

/// The state of one comparison.
private struct ComparisonWalk {
    var variables: FixtureVariables
    private(set) var differences: [XMLDifference] = []
    private(set) var elements = 0
    /// Told at most; what is wrong everywhere is clear by then.
    private static let most = 100

    init(variables: FixtureVariables) {
        self.variables = variables
    }

    mutating func note(_ path: String, _ expected: String, _ actual: String) {
        guard differences.count < Self.most else { return }
        differences.append(XMLDifference(path: path, expected: expected, actual: actual))
    }

    /// Compares two elements of the same local name.
    mutating func compare(_ expected: XMLElement, _ actual: XMLElement, at path: String) {
        elements += 1
        if expected.namespace != actual.namespace {
            note(path, Self.namespace(expected.namespace), Self.namespace(actual.namespace))
        }
        compareAttributes(expected, actual, at: path)
        if Vocabulary.acceptsAnyContent(expected) { return }
        let expectedChildren = Array(expected.children)
        let actualChildren = Array(actual.children)
        if expectedChildren.isEmpty, actualChildren.isEmpty {
            compareText(expected, actual, at: path)
        } else {
            compareText(expected.hasText ? expected.text : "", actual.hasText ? actual.text : "", at: path)
            compareChildren(expectedChildren, actualChildren, at: path)
        }
    }

    private static func namespace(_ name: String) -> String {
        name.isEmpty ? "no namespace" : "the namespace \(name)"
    }

    // MARK: Attributes

    private mutating func compareAttributes(_ expected: XMLElement, _ actual: XMLElement, at path: String) {
        let expectedAttributes = expected.attributes.filter(Vocabulary.isSignificant)
        let actualAttributes = actual.attributes.filter(Vocabulary.isSignificant)
        for attribute in expectedAttributes {
            let path = "\(path)/@\(Vocabulary.step(to: attribute))"
            let isQualifiedName = Vocabulary.holdsQualifiedName(attribute, of: expected)
            guard let found = actualAttributes.first(where: { ExpandedName($0) == ExpandedName(attribute) }) else {
                note(path, quoted(variables.shown(attribute.value)), "no such attribute")
                continue
            }
            if isQualifiedName {
                compareNames(attribute.value, on: expected, found.value, on: actual, at: path)
            } else {
                compareText(Vocabulary.normalised(attribute), Vocabulary.normalised(found), at: path)
            }
        }
        let known = Set(expectedAttributes.map(ExpandedName.init))
        for attribute in actualAttributes where !known.contains(ExpandedName(attribute)) {
            note("\(path)/@\(Vocabulary.step(to: attribute))", "no such attribute", quoted(attribute.value))
        }
    }

    // MARK: Text

    private mutating func compareText(_ expected: XMLElement, _ actual: XMLElement, at path: String) {
        if Vocabulary.holdsQualifiedName(expected) {
            compareNames(expected.text, on: expected, actual.text, on: actual, at: path)
        } else {
            compareText(expected.text, actual.text, at: path)
        }
    }

    private mutating func compareText(_ expected: String, _ actual: String, at path: String) {
        if !variables.match(expected, against: actual) {
            note(path, quoted(variables.shown(expected)), quoted(actual))
        }
    }

    private mutating func compareNames(
        _ expected: String,
        on expectedElement: XMLElement,
        _ actual: String,
        on actualElement: XMLElement,
        at path: String
    ) {
        guard let expectedName = ExpandedName(qualified: expected, on: expectedElement) else {
            note(path, "\(quoted(expected)), whose prefix the fixture does not declare", quoted(actual))
            return
        }
        guard let actualName = ExpandedName(qualified: actual, on: actualElement) else {
            note(path, "\(expectedName)", "\(quoted(actual)), whose prefix is not declared")
            return
        }
        if expectedName != actualName { note(path, "\(expectedName)", "\(actualName)") }
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }

    // MARK: Children

    private mutating func compareChildren(_ expected: [XMLElement], _ actual: [XMLElement], at path: String) {
        let expectedNames = expected.map(ExpandedName.init)
        let actualNames = actual.map(ExpandedName.init)
        let pairing = ChildPairing(expected: expectedNames, actual: actualNames)
        if pairing.isReordered {
            note(path, "the order \(Self.list(expectedNames))", "the order \(Self.list(actualNames))")
        }
        var extra = pairing.extra[...]
        for (index, child) in expected.enumerated() {
            let partner = pairing.partners[index]
            while let first = extra.first, first < partner ?? 0 {
                noteExtra(actual[first], at: Self.path(path, to: first, in: actualNames))
                extra.removeFirst()
            }
            let path = Self.path(path, to: index, in: expectedNames)
            if let partner {
                compare(child, actual[partner], at: path)
            } else {
                note(path, "the element \(ExpandedName(child))", "no such element")
            }
        }
        for index in extra where differences.count < Self.most {
            noteExtra(actual[index], at: Self.path(path, to: index, in: actualNames))
        }
    }

    private mutating func noteExtra(_ element: XMLElement, at path: String) {
        note(path, "no such element", "the element \(ExpandedName(element))")
    }

    private static func list(_ names: [ExpandedName]) -> String { names.map(\.name).joined(separator: ", ") }

    private static func path(_ path: String, to index: Int, in names: [ExpandedName]) -> String {
        let name = names[index]
        guard names.count(where: { $0 == name }) > 1 else { return "\(path)/\(name.name)" }
        return "\(path)/\(name.name)[\(names[...index].count(where: { $0 == name }))]"
    }
}
