/// The published contracts, as the frozen files beside this one, carried inside the binary.
///
/// They are files, not generated text, because regenerated WSDL is what breaks proxies that were generated years ago
/// (contract, section 4).
package enum PublishedContract {
    /// `Webhook.svc`'s WSDL with a SOAP 1.1 binding, UTF-8, stating service number 87.
    package static var webhook: [UInt8] { PackageResources.Webhook_wsdl }

    /// `SoPrincipal.svc`'s WSDL with a SOAP 1.1 binding, UTF-8, stating service number 87.
    package static var soPrincipal: [UInt8] { PackageResources.SoPrincipal_wsdl }
}
