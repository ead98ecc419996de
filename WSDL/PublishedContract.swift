/// The published contracts, made of the frozen files beside this one, which the binary carries.
///
/// SuperOffice publishes one contract for each service number. What clients hold was generated from it: the names of
/// classes follow its prefixes and the order of its components, so both are kept as they were published.
///
/// The numbers share a file. It states service number 87, and a line with a mark begins a part that some numbers lack:
/// `<?since 88?>` a part of 88 and later ones, `<?until 87?>` one of 87 and earlier ones. `<?end?>` ends the part.
package enum PublishedContract {
    /// The WSDL of a service number's `Webhook.svc`, with a SOAP 1.1 binding.
    package static func webhook(number: Int) -> String { text(of: PackageResources.Webhook_wsdl, number: number) }

    /// The WSDL of a service number's `SoPrincipal.svc`, with a SOAP 1.1 binding.
    package static func soPrincipal(number: Int) -> String {
        text(of: PackageResources.SoPrincipal_wsdl, number: number)
    }

    private static func text(of file: [UInt8], number: Int) -> String {
        let newline = UInt8(ascii: "\n")
        var isStated = true
        let lines = file.split(separator: newline, omittingEmptySubsequences: false)
            .filter { line in
                let line = line.drop { $0 == UInt8(ascii: " ") }
                guard line.starts(with: "<?".utf8) else { return isStated }
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                switch (words.first, words.last.flatMap { Int($0.prefix { $0 != "?" }) }) {
                case ("<?since", let first?): isStated = number >= first
                case ("<?until", let last?): isStated = number <= last
                case ("<?end?>", _): isStated = true
                default: return isStated
                }
                return false
            }
        return String(decoding: Array(lines.joined(separator: [newline])), as: UTF8.self)
            .replacing("Services87", with: "Services\(number)")
    }
}
