import AgentCore
import Foundation
import Logging
import Networking

/// Settings that belong together, in the order in which help and documentation list them.
package struct SettingSection: Sendable {
    /// The heading in the documentation.
    package let title: String
    /// The settings.
    package let settings: [Setting]
}

extension Setting {
    /// Every setting by section: the one place in which settings are written down.
    package static let sections = [
        SettingSection(title: "Service", settings: service),
        SettingSection(title: "Callers", settings: callers),
        SettingSection(title: "Listener", settings: listener),
        SettingSection(title: "Targets", settings: targets),
        SettingSection(title: "Delivery", settings: delivery),
        SettingSection(title: "History", settings: history),
    ]

    /// Every setting.
    package static let all = sections.flatMap(\.settings)

    private static let service: [Setting] = [
        Setting(
            "listen",
            \.address,
            .text("host:port", expecting: "HOST:PORT, such as 127.0.0.1:8087 or [::1]:8087") { HostPort($0) },
            help: "Address to listen on"
        ),
        Setting(
            "store",
            \.store,
            .store,
            mayHoldPassword: true,
            help: "Where state is kept: `sqlite:PATH`, `postgres://...` or `memory:`",
            note:
                "One process serves `sqlite:PATH`; any number of processes serve `postgres://USER:PASSWORD@HOST/DATABASE` ([PostgreSQL](postgresql.md)). `memory:` keeps nothing after a stop."
        ),
        Setting(
            "dev",
            \.isDevelopment,
            .switch,
            default: "off",
            help:
                "For trials on one machine: NetServer's documented credentials work, `http` targets are allowed",
            note: "Private target addresses are allowed too. Do not use it behind a proxy that others reach."
        ),
        Setting(
            "allowRemoteDev",
            \.allowsRemoteDevelopment,
            .switch,
            default: "off",
            help: "Let `--dev` listen on an address that other machines reach"
        ),
        Setting(
            "installation",
            \.installation.kind,
            .choice("kind"),
            formerValues: ["onsite": "on-site", "online": "hosted"],
            help: "`on-site`, with one tenant, or `hosted`, with tenants in paths and application tokens",
            note: "[Callers](callers.md#tenants-applications-and-users) has more."
        ),
        Setting(
            "publicUrl",
            optional: \.publicURL,
            .text("url", expecting: "an http or https URL without a query") { text in
                guard let url = TargetURL(text), !url.host.isEmpty, !text.contains("?") else { return nil }
                return text.hasSuffix("/") ? String(text.dropLast()) : text
            },
            default: "the host that was asked",
            mayHoldPassword: true,
            help: "URL that stands before `/Remote` in the WSDL",
            note: "On a hosted installation it stands before the tenant."
        ),
        Setting(
            "logLevel",
            \.logLevel,
            .choice("level"),
            help: "What is logged: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`",
            note: "The log goes to standard error."
        ),
        Setting(
            "netserverVersion",
            \.netServerVersion,
            .text("version", expecting: "a version such as 8.8.0.0") { text in
                text.isEmpty || text.contains { !$0.isASCII || !($0.isNumber || $0.isLetter || $0 == ".") } ? nil : text
            },
            help: "Version in `User-Agent: NetServer-Webhook/VERSION`",
            note: "GetSystemInfo and `GET /api` tell it too."
        ),
    ]

    private static let callers: [Setting] = [
        Setting(
            "ticketLifetime",
            \.ticketLifetime,
            .positiveDuration,
            help: "How long a ticket lives after its last use"
        ),
        Setting(
            "requireRight",
            \.rules.webhookRight,
            .choice("what"),
            formerly: "webhookRight",
            help: "What users need the right 'webhooks' for: `everything`, `except-signal` or `nothing`",
            note: "`except-signal` is every operation but SignalEvent."
        ),
        Setting(
            "authorizeWithUsername",
            optional: \.authorizesWithUsername,
            .truth,
            default: "true on-site, false hosted",
            help: "Whether REST takes `Authorization: Basic`, `true` or `false`"
        ),
        Setting(
            "corsOrigins",
            \.corsOrigins,
            .text("origins", expecting: AllowedOrigins.form) { AllowedOrigins($0) },
            default: "none",
            help: "Origins whose web pages may call the REST API, such as `https://app.example.com`; `*` is any",
            note:
                "Spaces or commas stand between origins. In `http://localhost:*` the `*` is any port. Pages that a `*` lets in cannot use the browser's own credentials."
        ),
        Setting(
            "adminToken",
            \.adminToken,
            .secret("token"),
            default: "closed",
            help: "Opens `/admin/v1` to whoever has it; `file:PATH` reads it from a file"
        ),
        Setting(
            "operationErrorStyle",
            \.operationErrors,
            .choice("how"),
            formerly: "operationErrors",
            help: "How failed operations are answered: `header` (as NetServer does) or `fault`",
            note: "[Errors](clients.md#errors) shows both."
        ),
    ]

    private static let listener: [Setting] = [
        Setting(
            "tlsCert",
            optional: \.choices.certificate,
            .anyText("file"),
            default: "none, plain HTTP",
            help: "Certificate to listen with, PEM, read anew on SIGHUP",
            note:
                "The file may hold the chain. TLS 1.2 and 1.3 are spoken. The log warns of a certificate that is not valid now, or not for the host of `--public-url`."
        ),
        Setting(
            "tlsKey",
            optional: \.choices.key,
            .anyText("file"),
            default: "none",
            help: "The certificate's private key, PEM",
            note: "It is read anew with the certificate."
        ),
        Setting(
            "tlsCiphers",
            \.choices.ciphers,
            .choice("which"),
            help: "Ciphers of TLS 1.2: `modern`, or `legacy` for clients such as Windows Server 2012 R2's",
            note:
                "`modern` has forward secrecy and authenticated encryption. `legacy` adds CBC with SHA-1 and static RSA, which Java 7 needs too."
        ),
        Setting(
            "idleTimeout",
            \.idleTimeout,
            .duration(from: .seconds(1), to: .seconds(3600)),
            help: "How long a connection may be idle, longer than proxies in front keep theirs",
            note:
                "It must be from `1s` to `1h`. Where a proxy keeps connections longer (Caddy: 120 s), its calls meet connections that have just been closed."
        ),
        Setting(
            "trustedProxy",
            \.trustedProxies,
            .ranges,
            default: "none",
            help: "Address ranges of reverse proxies whose forwarded headers are trusted",
            note:
                "The proxies must overwrite or remove every forwarded header that a client sends, `X-Forwarded-Host` too."
        ),
        Setting(
            "forwardedHeader",
            \.forwardedHeader,
            .choice("which"),
            help: "The headers that trusted proxies send: `x-forwarded` or `forwarded`",
            note:
                "`x-forwarded` is `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`; `forwarded` is RFC 7239. The other kind is not read."
        ),
        Setting(
            "maxBodyBytes",
            \.requestLimits.bodyBytes,
            .number(1024...(64 << 20), "bytes"),
            help: "Size of a request, unpacked, in bytes"
        ),
        Setting(
            "maxDepth",
            \.requestLimits.depth,
            // libxml2 itself stops at 256.
            .number(8...200, "levels"),
            help: "Nesting of a request's elements"
        ),
        Setting(
            "maxTextBytes",
            \.requestLimits.textBytes,
            .number(1024...(64 << 20), "bytes"),
            help: "Text of one element, in bytes"
        ),
        Setting(
            "drainDelay",
            \.drainDelay,
            .duration(to: .seconds(600)),
            help: "Time for which calls are still taken after SIGTERM, while `/readyz` says 503",
            note: "It is at most `10m`; `5s` is right behind a load balancer ([stopping](operations.md#stopping))."
        ),
        Setting(
            "shutdownTimeout",
            \.shutdownTimeout,
            .duration,
            help: "Time for what is in flight when the service stops",
            note: "Five seconds later the service cuts off what is left."
        ),
    ]
}
