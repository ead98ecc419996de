package import XML

/// Compares an answer with the expected one as XML: prefixes, namespace declarations, the order of attributes, white
/// space between elements and comments do not count; the order of elements does.
package enum XMLComparison {
    /// The differences between two elements, in document order; none when they are the same.
    ///
    /// - Parameters:
    ///   - expected: The document element of the fixture's answer, in which placeholders stand.
    ///   - actual: The document element of the answer that came.
    ///   - variables: What placeholders stand for; gets the values that the answer binds.
    package static func differences(
        expected: XMLElement,
        actual: XMLElement,
        variables: inout FixtureVariables
    ) -> [XMLDifference] {
        var walk = ComparisonWalk(variables: variables)
        let path = "/\(expected.name)"
        if ExpandedName(expected) == ExpandedName(actual) {
            walk.compare(expected, actual, at: path)
        } else {
            walk.note(path, "\(ExpandedName(expected))", "\(ExpandedName(actual))")
        }
        variables = walk.variables
        return walk.differences
    }
}

/// The state of one comparison.
private struct ComparisonWalk {
    var variables: FixtureVariables
    private(set) var differences: [XMLDifference] = []

    init(variables: FixtureVariables) {
        self.variables = variables
    }

    mutating func note(_ path: String, _ expected: String, _ actual: String) {
        differences.append(XMLDifference(path: path, expected: expected, actual: actual))
    }

    /// Compares two elements of the same name.
    mutating func compare(_ expected: XMLElement, _ actual: XMLElement, at path: String) {
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

    /// Pairs the children by name before comparing them, so that one that is missing does not make all that follow
    /// it differ.
    private mutating func compareChildren(_ expected: [XMLElement], _ actual: [XMLElement], at path: String) {
        let expectedNames = expected.map(ExpandedName.init)
        let actualNames = actual.map(ExpandedName.init)
        let changes = actualNames.difference(from: expectedNames)
        let missing = Set(changes.removals.map(Self.offset))
        let extra = Set(changes.insertions.map(Self.offset))
        var next = 0
        for (index, child) in expected.enumerated() {
            while extra.contains(next) {
                noteExtra(actual[next], at: Self.path(path, to: next, in: actualNames))
                next += 1
            }
            let path = Self.path(path, to: index, in: expectedNames)
            if missing.contains(index) {
                note(path, "the element \(ExpandedName(child))", "no such element")
            } else {
                compare(child, actual[next], at: path)
                next += 1
            }
        }
        for index in next..<actual.count {
            noteExtra(actual[index], at: Self.path(path, to: index, in: actualNames))
        }
    }

    private mutating func noteExtra(_ element: XMLElement, at path: String) {
        note(path, "no such element", "the element \(ExpandedName(element))")
    }

    private static func offset(_ change: CollectionDifference<ExpandedName>.Change) -> Int {
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }

    private static func path(_ path: String, to index: Int, in names: [ExpandedName]) -> String {
        let name = names[index]
        guard names.count(where: { $0 == name }) > 1 else { return "\(path)/\(name.name)" }
        return "\(path)/\(name.name)[\(names[...index].count(where: { $0 == name }))]"
    }
}
