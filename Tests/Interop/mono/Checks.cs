// Plays the checks of ../README.md with what Mono's svcutil generated, see run: Checks.exe soap11|soap12.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Text;
using System.Text.RegularExpressions;
using Crm = www.superoffice.net.ws.crm.NetServer.Services87;

class Checks {
    const int LargestAnswer = 16 << 20;

    readonly Session session = new Session();
    readonly Binding binding;
    readonly WebhookClient client;
    readonly string userName = Given("USER_NAME"), target = Given("TARGET"), secret = Given("SECRET");
    readonly string eventName = Given("EVENT"), otherEvent = Given("EVENT") + ".other";
    readonly string name = "Mono " + Given("EVENT");
    Crm.Webhook saved;
    bool failed;

    static int Main(string[] arguments) {
        var checks = new Checks(arguments[0]);
        checks.PlayAll();
        return checks.failed ? 1 : 0;
    }

    Checks(string form) {
        if (form == "soap12") {
            // WSHttpBinding would do too, were it not for WS-Addressing, which it insists on.
            var encoding = new TextMessageEncodingBindingElement(MessageVersion.Soap12, Encoding.UTF8);
            var transport = new HttpTransportBindingElement { MaxReceivedMessageSize = LargestAnswer };
            binding = new CustomBinding(encoding, transport);
        } else {
            binding = new BasicHttpBinding { MaxReceivedMessageSize = LargestAnswer };
        }
        client = new WebhookClient(binding, new EndpointAddress(Address("Webhook")));
        client.Endpoint.Behaviors.Add(session);
    }

    void PlayAll() {
        Play("login", LogIn);
        Play("default", CreateDefault);
        Play("save", Save);
        Play("get", Get);
        Play("update", Update);
        Play("list", ListByFilters);
        Play("test", Test);
        Play("signal", Signal);
        Play("last-error", GetLastError);
        Play("delete", Delete);
        Play("types", CompareTypes);
        Play("headers", CompareHeaders);
        Play("state", ChangeState);
        Play("dates", CompareDates);
        Play("nil", SaveNothing);
        Play("non-ascii", SaveNonAscii);
        Play("succeeded", ReadSucceeded);
        Play("error", ReadError);
        Play("read-typed", ReadTyped);
    }

    void Play(string check, Action body) {
        try {
            body();
            Console.WriteLine($"pass {check}");
        } catch (Exception error) {
            failed = true;
            var found = error is Mismatch ? error.Message : $"{error.GetType()}: {error.Message}";
            Console.WriteLine($"fail {check}: {Regex.Replace(found, @"\s+", " ")}");
        }
    }

    void LogIn() {
        var refused = session.LogIn(binding, Address("SoPrincipal"), userName, "not " + Given("PASSWORD"));
        Expect("AuthenticationSucceeded of a wrong password", refused.AuthenticationSucceeded, false);
        Expect("its ticket", refused.Credentials?.Ticket, null);
        var login = session.LogIn(binding, Address("SoPrincipal"), userName, Given("PASSWORD"));
        Expect("AuthenticationSucceeded", login.AuthenticationSucceeded, true);
        Expect("who logged in", login.Response.Associate, userName);
        Expect("a ticket", !string.IsNullOrEmpty(login.Credentials?.Ticket), true);
        session.Credentials = login.Credentials;
    }

    void CreateDefault() {
        var webhook = client.CreateDefaultWebhook();
        Expect("WebhookId", webhook.WebhookId, 0);
        Expect("State", webhook.State, Crm.WebhookState.Active);
        Expect("Type", webhook.Type, "webhook");
        Expect("Events", webhook.Events, new[] { "contact.created", "contact.deleted" });
    }

    void Save() {
        saved = client.SaveWebhook(NewWebhook(name, eventName, otherEvent));
        Expect("WebhookId above 0", saved.WebhookId > 0, true);
        Expect("who registered it", saved.RegisteredAssociate.UserName, userName);
    }

    void Get() {
        var webhook = client.GetWebhook(saved.WebhookId);
        Expect("webhook", webhook, saved);
        Expect("Name", webhook.Name, name);
        Expect("Events", webhook.Events, new[] { eventName, otherEvent });
        Expect("TargetUrl", webhook.TargetUrl, target);
        Expect("Secret", webhook.Secret, secret);
        Expect("Type", webhook.Type, "webhook");
        Expect("State", webhook.State, Crm.WebhookState.Active);
    }

    void Update() {
        var webhook = client.GetWebhook(saved.WebhookId);
        webhook.Name = name + ", renamed";
        var updated = client.SaveWebhook(webhook);
        Expect("Updated is not earlier", updated.Updated >= webhook.Updated, true);
        webhook.Updated = updated.Updated;
        Expect("updated webhook", updated, webhook);
        Expect("webhook read again", client.GetWebhook(saved.WebhookId), webhook);
        saved = updated;
    }

    void ListByFilters() {
        var any = Crm.WebhookState.Unknown;
        ExpectListed("by name", client.GetAllWebhooks(saved.Name, null, any));
        ExpectListed("by event", client.GetAllWebhooks(null, eventName, any));
        ExpectListed("by status", client.GetAllWebhooks(null, null, Crm.WebhookState.Active));
        Expect("webhooks of another name", client.GetAllWebhooks(name + ", of nobody", null, any).Length, 0);
    }

    void ExpectListed(string how, Crm.Webhook[] webhooks) {
        Expect($"webhook {how}", webhooks.SingleOrDefault(webhook => webhook.WebhookId == saved.WebhookId), saved);
    }

    void Test() {
        var webhook = NewWebhook(name, eventName);
        var good = client.TestWebhook(webhook);
        Expect("Success", good.Success, true);
        Expect($"a status line in {good.Message}", Regex.IsMatch(good.Message, @"^HTTP/1\.[01] 200\b"), true);
        webhook.TargetUrl = Given("BAD_TARGET");
        Expect("Success of a bad target", client.TestWebhook(webhook).Success, false);
    }

    void Signal() {
        client.SignalEvent(eventName, 7, new Crm.StringObjectDictionary { { "navn", "Åse" }, { "antall", 3 } });
        Expect("Succeeded", session.Succeeded, true);
    }

    void GetLastError() {
        Expect("last error", client.GetLastError(saved.WebhookId), "");
    }

    void Delete() {
        var webhook = client.SaveWebhook(NewWebhook(name + ", to delete", otherEvent));
        Expect("stored webhook", client.GetWebhook(webhook.WebhookId), webhook);
        client.DeleteWebhook(webhook.WebhookId);
        Expect("deleted webhook", client.GetWebhook(webhook.WebhookId), null);
    }

    void CompareTypes() {
        Expect("Properties", client.GetWebhook(saved.WebhookId).Properties, NewProperties());
    }

    void CompareHeaders() {
        Expect("Headers", client.GetWebhook(saved.WebhookId).Headers, NewHeaders());
    }

    void ChangeState() {
        var webhook = client.GetWebhook(saved.WebhookId);
        foreach (var state in new[] { Crm.WebhookState.Stopped, Crm.WebhookState.Active }) {
            webhook.State = state;
            Expect("State in the answer", client.SaveWebhook(webhook).State, state);
            Expect("State", client.GetWebhook(saved.WebhookId).State, state);
        }
    }

    void CompareDates() {
        var webhook = client.GetWebhook(saved.WebhookId);
        foreach (var time in new[] { webhook.Registered, webhook.Updated }) {
            Expect("kind of time", time.Kind, DateTimeKind.Utc);
            Expect($"{Describe(time)} is now", (DateTime.UtcNow - time).Duration() < TimeSpan.FromMinutes(5), true);
        }
    }

    void SaveNothing() {
        var webhook = NewWebhook(name + ", empty", otherEvent);
        webhook.Headers = null;
        webhook.Properties = null;
        webhook.Secret = null;
        var id = client.SaveWebhook(webhook).WebhookId;
        webhook = client.GetWebhook(id);
        Expect("Headers are null or empty", webhook.Headers == null || webhook.Headers.Count == 0, true);
        Expect("Properties are null or empty", webhook.Properties == null || webhook.Properties.Count == 0, true);
        Expect("Secret is null or empty", string.IsNullOrEmpty(webhook.Secret), true);
        client.DeleteWebhook(id);
        Expect("webhook of an unknown id", client.GetWebhook(int.MaxValue), null);
    }

    void SaveNonAscii() {
        var webhook = client.GetWebhook(saved.WebhookId);
        webhook.Name = "Blåbær – 日本語 🫐";
        client.SaveWebhook(webhook);
        Expect("Name", client.GetWebhook(saved.WebhookId).Name, webhook.Name);
    }

    void ReadSucceeded() {
        session.Succeeded = false;
        client.GetWebhook(saved.WebhookId);
        Expect("Succeeded", session.Succeeded, true);
    }

    void ReadError() {
        try {
            client.SaveWebhook(NewWebhook(name + ", without events"));
        } catch (FaultException<Crm.SoExceptionInfo> error) {
            Expect("Succeeded", session.Succeeded, false);
            var type = error.Detail.ExceptionType;
            Expect($"type {type}", type.StartsWith("SuperOffice.Exceptions.", StringComparison.Ordinal), true);
            Expect("a message", !string.IsNullOrEmpty(error.Detail.Message), true);
            return;
        }
        throw new Mismatch("a webhook without events was saved");
    }

    void ReadTyped() {
        var id = int.Parse(Given("TYPED_WEBHOOK"), CultureInfo.InvariantCulture);
        var webhook = client.GetWebhook(id);
        Expect("it has properties", webhook.Properties.Count > 0, true);
        client.SaveWebhook(webhook);
        Expect("Properties", client.GetWebhook(id).Properties, webhook.Properties);
    }

    Crm.Webhook NewWebhook(string name, params string[] events) {
        return new Crm.Webhook {
            Name = name,
            Events = events,
            TargetUrl = target,
            Secret = secret,
            State = Crm.WebhookState.Active,
            Type = "webhook",
            Headers = NewHeaders(),
            Properties = NewProperties(),
        };
    }

    static Crm.StringDictionary NewHeaders() {
        return new Crm.StringDictionary { { "X-Interop", "a&b" }, { "X-Empty", "" } };
    }

    static Crm.StringObjectDictionary NewProperties() {
        return new Crm.StringObjectDictionary {
            { "tekst", "blåbær & <co>" },
            { "tall", 42 },
            { "sant", true },
            { "stort", 9007199254740993L },
            { "brøk", 0.5 },
            { "beløp", 12.50m },
            { "dag", new DateTime(2024, 2, 29, 12, 30, 15) },
            { "bytes", new byte[] { 0, 1, 254, 255 } },
        };
    }

    static string Given(string variable) => Environment.GetEnvironmentVariable(variable);

    static string Address(string service) => $"{Given("BASE")}/Remote/Services87/{service}.svc";

    class Mismatch : Exception {
        public Mismatch(string message) : base(message) {
        }
    }

    static void Expect(string what, object found, object expected) {
        if (Describe(found) != Describe(expected)) {
            throw new Mismatch($"{what}: found {Describe(found)}, expected {Describe(expected)}");
        }
    }

    // A value with the types in it: equal values of different types, and 12.5 and 12.50, are not the same.
    static string Describe(object value) {
        if (value == null) return "null";
        if (value is string || value is Enum) return $"'{value}'";
        if (value is DateTime time) return $"{time:o} ({time.Kind})";
        if (value is IDictionary pairs) {
            return List(pairs.Keys.Cast<object>().Select(key => $"{Describe(key)}: {Describe(pairs[key])}"));
        }
        if (value is IEnumerable items) return List(items.Cast<object>().Select(Describe));
        var type = value.GetType();
        if (type.Namespace != typeof(Crm.Webhook).Namespace) {
            return string.Format(CultureInfo.InvariantCulture, "{0} ({1})", value, type.Name);
        }
        var members = type.GetProperties().Where(member => member.Name != "ExtensionData");
        return type.Name + List(members.Select(member => $"{member.Name}: {Describe(member.GetValue(value))}"));
    }

    static string List(IEnumerable<string> items) => "[" + string.Join(", ", items) + "]";
}
