/// The values of the placeholders of one scenario: those it is started with, and those its answers bind.
package struct FixtureVariables: Sendable, Equatable {
    private var values: [String: String]

    /// - Parameter values: Value of each variable by its name.
    package init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// The variables that every fixture may use, those of a login apart when there is none.
    ///
    /// - Parameters:
    ///   - ticket: A valid ticket.
    ///   - token: A valid application token.
    ///   - user: The name of a user who may log in, spelled as the service spells it; nil when there is none.
    ///   - password: That user's password.
    ///   - target: URL of a receiver that answers 200 with the body `ok`.
    ///   - badTarget: URL of a receiver that answers 500.
    ///   - run: A text that no earlier run used; without white space.
    package init(
        ticket: String,
        token: String,
        user: String?,
        password: String?,
        target: String,
        badTarget: String,
        run: String
    ) {
        self.init([
            "ticket": ticket, "token": token, "target": target, "badTarget": badTarget, "run": run,
        ])
        values["user"] = user
        values["password"] = password
    }

    /// The value of a variable, nil when it has none.
    package subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// The bytes of a request with each placeholder replaced by its value, escaped as XML text or attribute value.
    ///
    /// Throws ``ConformanceError/unboundVariable(_:)``.
    package func substituted(into request: [UInt8]) throws(ConformanceError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(request.count)
        for part in FixtureTemplate.parts(of: request) {
            switch part {
            case .text(let text): result += text
            case .placeholder(let name):
                guard let value = values[name] else { throw .unboundVariable(name) }
                result += Self.escaped(value).utf8
            }
        }
        return result
    }

    /// Whether the whole of `text` is what `pattern`, a text of an expected answer, describes. If so, the pattern's
    /// `{{int:NAME}}` and `{{text:NAME}}` are bound.
    package mutating func match(_ pattern: String, against text: String) -> Bool {
        let parts = FixtureTemplate.parts(of: Array(pattern.utf8))
        guard let bound = Self.match(parts[...], against: Array(text.utf8)[...], values) else { return false }
        values = bound
        return true
    }

    /// `text` with values that are anybody's own replaced by their placeholders, the longest first.
    func masked(_ text: String, _ names: [String]) -> String {
        let known = names.compactMap { name in values[name].map { (name, $0) } }.filter { $1.utf8.count > 2 }
        return known.sorted { $0.1.utf8.count > $1.1.utf8.count }.reduce(text) { text, variable in
            text.replacing(variable.1, with: "{{\(variable.0)}}")
        }
    }

    /// A difference as it may be shown: tickets, the token and the password are not in it, nor another webhook's secrets.
    func withoutSecrets(_ difference: XMLDifference) -> XMLDifference {
        func shown(_ text: String) -> String {
            masked(text, ["ticket", "token", "password"]).replacing(Vocabulary.ticket, with: "7T:***")
        }
        let isConfidential = difference.path.contains("/Secret") || difference.path.contains("/Headers/")
        return XMLDifference(
            path: difference.path,
            expected: shown(difference.expected),
            actual: isConfidential && difference.actual.hasPrefix("\"") ? "another text" : shown(difference.actual)
        )
    }

    /// `pattern` with the variables that have a value replaced, for messages.
    func shown(_ pattern: String) -> String {
        let shown = FixtureTemplate.parts(of: Array(pattern.utf8)).map { part in
            switch part {
            case .text(let text): String(decoding: text, as: UTF8.self)
            case .placeholder(let name): values[name] ?? "{{\(name)}}"
            }
        }
        return shown.joined()
    }

    static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

// MARK: - Matching

extension FixtureVariables {
    /// Compares bytes, not characters, because to Swift two texts of different bytes can be equal.
    private static func match(
        _ parts: ArraySlice<FixtureTemplate.Part>,
        against text: ArraySlice<UInt8>,
        _ values: [String: String]
    ) -> [String: String]? {
        guard let part = parts.first else { return text.isEmpty ? values : nil }
        let rest = parts.dropFirst()
        switch part {
        case .text(let literal):
            return match(literal, rest, against: text, values)
        case .placeholder("any"):
            return match(atLeast: 0, rest, against: text, values)
        case .placeholder("some"):
            return match(atLeast: 1, rest, against: text, values)
        case .placeholder("time"):
            return timeLength(text).flatMap { match(rest, against: text.dropFirst($0), values) }
        case .placeholder("guid"):
            return guidLength(text).flatMap { match(rest, against: text.dropFirst($0), values) }
        case .placeholder(let name) where name.hasPrefix("int:"):
            guard let length = integerLength(text) else { return nil }
            var bound = values
            bound[String(name.dropFirst("int:".count))] = String(decoding: text.prefix(length), as: UTF8.self)
            return match(rest, against: text.dropFirst(length), bound)
        case .placeholder(let name) where name.hasPrefix("text:"):
            return match(wordNamed: String(name.dropFirst("text:".count)), rest, against: text, values)
        case .placeholder(let name):
            guard let value = values[name] else { return nil }
            return match(Array(value.utf8)[...], rest, against: text, values)
        }
    }

    private static func match(
        _ literal: ArraySlice<UInt8>,
        _ rest: ArraySlice<FixtureTemplate.Part>,
        against text: ArraySlice<UInt8>,
        _ values: [String: String]
    ) -> [String: String]? {
        guard text.starts(with: literal) else { return nil }
        return match(rest, against: text.dropFirst(literal.count), values)
    }

    private static func match(
        atLeast minimum: Int,
        _ rest: ArraySlice<FixtureTemplate.Part>,
        against text: ArraySlice<UInt8>,
        _ values: [String: String]
    ) -> [String: String]? {
        guard text.count >= minimum else { return nil }
        if rest.isEmpty { return values }
        for length in minimum...text.count {
            if let bound = match(rest, against: text.dropFirst(length), values) { return bound }
        }
        return nil
    }

    /// Binds `name` to the longest text without white space that lets `rest` match what follows it.
    private static func match(
        wordNamed name: String,
        _ rest: ArraySlice<FixtureTemplate.Part>,
        against text: ArraySlice<UInt8>,
        _ values: [String: String]
    ) -> [String: String]? {
        var word = text.prefix { !" \t\r\n".utf8.contains($0) }
        while !word.isEmpty {
            var bound = values
            bound[name] = String(decoding: word, as: UTF8.self)
            if let bound = match(rest, against: text.dropFirst(word.count), bound) { return bound }
            word.removeLast()
        }
        return nil
    }

    private static func timeLength(_ text: ArraySlice<UInt8>) -> Int? {
        String(decoding: text, as: UTF8.self)
            .prefixMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?Z/)?
            .output.utf8.count
    }

    private static func guidLength(_ text: ArraySlice<UInt8>) -> Int? {
        String(decoding: text, as: UTF8.self)
            .prefixMatch(of: /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}/)?
            .output.utf8.count
    }

    private static func integerLength(_ text: ArraySlice<UInt8>) -> Int? {
        String(decoding: text, as: UTF8.self).prefixMatch(of: /[1-9][0-9]*/)?.output.utf8.count
    }
}
