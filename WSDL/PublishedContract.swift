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
        var isStated = true
        let lines = String(decoding: file, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { line in
                let words = line.drop { $0 == " " }.split(separator: " ")
                switch (words.first, words.last.flatMap { Int($0.prefix { $0 != "?" }) }) {
                case ("<?since", let first?): isStated = number >= first
                case ("<?until", let last?): isStated = number <= last
                case ("<?end?>", _): isStated = true
                default: return isStated
                }
                return false
            }
        return lines.joined(separator: "\n").replacing("Services87", with: "Services\(number)")
    }
}
