// The checks of ../README.md, in an order in which later ones can use what earlier ones saved.
#include "soapBasicHttpBinding_USCORESoPrincipalProxy.h"
#include "BasicHttpBinding_USCORESoPrincipal.nsmap"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>

using Proxy = BasicHttpBinding_USCORESoPrincipalProxy;
using Webhook = so__Webhook;
using Failure = std::runtime_error;

static std::string environment(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        throw Failure(std::string(name) + " is not set");
    return value;
}

// What is optional in the WSDL is found as a pointer.
template <class Found, class Expected>
void expect(const std::string &what, const Found &found, const Expected &expected)
{
    if constexpr (std::is_pointer_v<Found>) {
        if (!found)
            throw Failure(what + " is null");
        expect(what, *found, expected);
    } else if (!(found == expected)) {
        std::ostringstream text;
        text << std::boolalpha << what << " is '" << found << "', not '" << expected << "'";
        throw Failure(text.str());
    }
}

static void require(bool condition, const std::string &otherwise)
{
    if (!condition)
        throw Failure(otherwise);
}

// An answer whose Succeeded is false.
struct OperationError : Failure {
    std::string type, message;

    OperationError(const std::string &type, const std::string &message)
        : Failure(type + ": " + message), type(type), message(message) {}
};

// Everything that gSOAP allocates lives as long as the program, so pointers to it may be passed around.
class Client {
public:
    Client() : services(environment("BASE") + "/Remote/Services87/")
    {
        proxy.soap->connect_timeout = proxy.soap->send_timeout = proxy.soap->recv_timeout = 30;
    }

    soap *context() { return proxy.soap; }

    so__SoCredentials *credentials = NULL;

    _so__AuthenticateResponse authenticate(const std::string &user, const std::string &password)
    {
        _so__AuthenticateUsernamePassword request;
        request.UserName = text(user);
        request.Password = text(password);
        return call("SoPrincipal.svc", &Proxy::AuthenticateUsernamePassword, request);
    }

    Webhook *createDefault()
    {
        return call("Webhook.svc", &Proxy::CreateDefaultWebhook, _so__CreateDefaultWebhook()).Response;
    }

    Webhook *save(Webhook *webhook)
    {
        _so__SaveWebhook request;
        request.Webhook = webhook;
        Webhook *saved = call("Webhook.svc", &Proxy::SaveWebhook, request).Response;
        require(saved && saved->WebhookId, "SaveWebhook answered no webhook");
        return saved;
    }

    // NULL where there is none.
    Webhook *find(int id)
    {
        _so__GetWebhook request;
        request.WebhookId = &id;
        return call("Webhook.svc", &Proxy::GetWebhook, request).Response;
    }

    Webhook *get(int id)
    {
        Webhook *found = find(id);
        require(found, "there is no webhook " + std::to_string(id));
        return found;
    }

    std::set<int> list(std::string *name, std::string *event, so__WebhookState *state)
    {
        _so__GetAllWebhooks request;
        request.NameFilter = name;
        request.EventFilter = event;
        request.StatusFilter = state;
        so__ArrayOfWebhook *webhooks = call("Webhook.svc", &Proxy::GetAllWebhooks, request).Response;
        require(webhooks, "GetAllWebhooks answered null");
        std::set<int> ids;
        for (Webhook *webhook : webhooks->Webhook)
            ids.insert(*webhook->WebhookId);
        return ids;
    }

    so__WebhookResult *test(Webhook *webhook)
    {
        _so__TestWebhook request;
        request.Webhook = webhook;
        so__WebhookResult *result = call("Webhook.svc", &Proxy::TestWebhook, request).Response;
        require(result && result->Success && result->Message, "TestWebhook answered less than Success and Message");
        return result;
    }

    void signal(const std::string &event, int primaryKey, so__StringObjectDictionary *data)
    {
        _so__SignalEvent request;
        request.EventName = text(event);
        request.PrimaryKey = &primaryKey;
        request.Data = data;
        call("Webhook.svc", &Proxy::SignalEvent, request);
    }

    std::string *lastError(int id)
    {
        _so__GetLastError request;
        request.WebhookId = &id;
        return call("Webhook.svc", &Proxy::GetLastError, request).Response;
    }

    void remove(int id)
    {
        _so__DeleteWebhook request;
        request.WebhookId = &id;
        call("Webhook.svc", &Proxy::DeleteWebhook, request);
    }

    SOAP_ENV__Header *header() { return proxy.soap_header(); }

    std::string *text(const std::string &value)
    {
        std::string *text = soap_new_std__string(context());
        *text = value;
        return text;
    }

private:
    Proxy proxy{SOAP_C_UTFSTRING};
    std::string services;

    // The proxy has the operations of both services but one default address, so every call says which it is for.
    template <class Request, class Response>
    Response call(const std::string &service,
                  int (Proxy::*operation)(const char *, const char *, Request *, Response &), Request request)
    {
        if (credentials)  // soap_header() sets what is sent, then holds what the answer brought.
            proxy.soap_header(NULL, credentials, NULL, NULL, NULL, NULL);
        else
            proxy.soap_noheader();
        Response response;
        if ((proxy.*operation)((services + service).c_str(), NULL, &request, response)) {
            char reason[1024];
            throw Failure(proxy.soap_sprint_fault(reason, sizeof reason));
        }
        require(header() && header()->so__Succeeded, "the answer has no Succeeded");
        if (*header()->so__Succeeded)
            return response;
        so__SoExceptionInfo *information = header()->so__ExceptionInfo;
        require(information && information->ExceptionType && information->Message, "ExceptionInfo lacks something");
        throw OperationError(*information->ExceptionType, *information->Message);
    }
};

static std::string oneLine(std::string text)
{
    for (char &character : text)
        character = character == '\n' || character == '\r' ? ' ' : character;
    return text;
}

class Checks {
#include "../checks.inc"

    const std::string event = environment("EVENT"), target = environment("TARGET"), secret = environment("SECRET");
    const std::string name = "gSOAP " + event, otherEvent = event + ".other";

    void login()
    {
        const std::string user = environment("USER_NAME"), password = environment("PASSWORD");
        _so__AuthenticateResponse refused = client.authenticate(user, password + "x");
        expect("AuthenticationSucceeded of a wrong password", refused.AuthenticationSucceeded, false);
        require(!refused.Credentials || !refused.Credentials->Ticket || refused.Credentials->Ticket->empty(),
                "a wrong password is given a ticket");
        _so__AuthenticateResponse session = client.authenticate(user, password);
        expect("AuthenticationSucceeded", session.AuthenticationSucceeded, true);
        require(session.Credentials && session.Credentials->Ticket && !session.Credentials->Ticket->empty(),
                "the right password is given no ticket");
        client.credentials = session.Credentials;
    }

    void createDefault()
    {
        Webhook *webhook = client.createDefault();
        require(webhook, "there is none");
        expect("State", webhook->State, so__WebhookState__Active);
        expect("Type", webhook->Type, "webhook");
        expect("Events", events(webhook), "contact.created contact.deleted");
    }

    void save()
    {
        Webhook *webhook = described(name, event);
        webhook->Events->string.push_back(otherEvent);
        webhook->Headers = soap_new_so__StringDictionary(client.context());
        add(webhook->Headers, "X-Interop", "a&b");
        add(webhook->Headers, "X-Empty", "");
        webhook->Properties = typedProperties();
        Webhook *saved = client.save(webhook);
        id = *saved->WebhookId;
        require(id > 0, "WebhookId is " + std::to_string(id));
        require(saved->RegisteredAssociate, "RegisteredAssociate is null");
        expect("RegisteredAssociate's UserName", saved->RegisteredAssociate->UserName, environment("USER_NAME"));
    }

    void get()
    {
        Webhook *webhook = client.get(id);
        expect("WebhookId", webhook->WebhookId, id);
        expect("Name", webhook->Name, name);
        expect("Events", events(webhook), event + " " + otherEvent);
        expect("TargetUrl", webhook->TargetUrl, target);
        expect("Secret", webhook->Secret, secret);
        expect("State", webhook->State, so__WebhookState__Active);
        expect("Type", webhook->Type, "webhook");
        require(webhook->Headers && webhook->Properties, "Headers or Properties is null");
        expect("count of Headers", webhook->Headers->StringKeyValuePair.size(), 2u);
        expect("count of Properties", webhook->Properties->StringObjectKeyValuePair.size(), 8u);
    }

    void update()
    {
        Webhook *webhook = client.get(id);
        const std::string before = unchanging(webhook);
        webhook->Name = client.text(name + " renamed");
        expect("WebhookId of the answer", client.save(webhook)->WebhookId, id);
        webhook = client.get(id);
        expect("Name", webhook->Name, name + " renamed");
        expect("the rest", unchanging(webhook), before);
    }

    void list()
    {
        std::string *updatedName = client.get(id)->Name, filter = event;
        so__WebhookState active = so__WebhookState__Active, stopped = so__WebhookState__Stopped;
        require(client.list(updatedName, NULL, NULL).count(id), "NameFilter does not find it");
        require(client.list(NULL, &filter, NULL).count(id), "EventFilter does not find it");
        require(client.list(NULL, NULL, &active).count(id), "StatusFilter does not find it");
        require(!client.list(NULL, NULL, &stopped).count(id), "StatusFilter finds it as Stopped");
        std::string nobody = name + " nobody";
        expect("count of those with a name that nobody has", client.list(&nobody, NULL, NULL).size(), 0u);
    }

    void test()
    {
        Webhook *webhook = client.get(id);
        so__WebhookResult *result = client.test(webhook);
        expect("Success", result->Success, true);
        require(result->Message->find("200 OK") != std::string::npos, "no status line in " + *result->Message);
        webhook->TargetUrl = client.text(environment("BAD_TARGET"));
        expect("Success of one that answers 500", client.test(webhook)->Success, false);
    }

    void types()
    {
        Webhook *webhook = client.get(id);
        expect("tekst", property<xsd__string_>(webhook, "tekst"), "blåbær & <co>");
        expect("tall", property<xsd__int_>(webhook, "tall"), 42);
        expect("sant", property<xsd__boolean_>(webhook, "sant"), true);
        expect("stort", property<xsd__long_>(webhook, "stort"), 9007199254740993);
        expect("brøk", property<xsd__double_>(webhook, "brøk"), 0.5);
        expect("beløp", property<xsd__decimal__>(webhook, "beløp"), "12.50");
        expect("dag", property<xsd__dateTime__>(webhook, "dag"), "2024-02-29T12:30:15");
        xsd__base64Binary bytes = property<xsd__base64Binary__>(webhook, "bytes");
        expect("bytes", std::string(bytes.__ptr, bytes.__ptr + bytes.__size), std::string("\0\1\xFE\xFF", 4));
    }

    void headers()
    {
        Webhook *webhook = client.get(id);
        expect("X-Interop", header(webhook, "X-Interop"), "a&b");
        expect("X-Empty", header(webhook, "X-Empty"), "");
    }

    void state()
    {
        Webhook *webhook = client.save(described(name + " state", otherEvent));
        for (so__WebhookState state : {so__WebhookState__Stopped, so__WebhookState__Active}) {
            webhook->State = &state;
            client.save(webhook);
            webhook = client.get(*webhook->WebhookId);
            expect("State", webhook->State, state);
        }
        client.remove(*webhook->WebhookId);
    }

    void dates()
    {
        Webhook *webhook = client.get(id);
        for (std::string *date : {webhook->Registered, webhook->Updated}) {
            require(date && date->back() == 'Z', "Registered or Updated is null or not in UTC");
            time_t seconds;
            require(!soap_s2dateTime(client.context(), date->c_str(), &seconds), *date + " is no dateTime");
            require(std::fabs(difftime(seconds, time(NULL))) < 300, *date + " is not now");
        }
    }

    void nil()
    {
        Webhook *webhook = described(name + " nil", otherEvent);
        webhook->Headers = NULL;
        webhook->Properties = NULL;
        webhook->Secret = NULL;
        webhook = client.get(*client.save(webhook)->WebhookId);
        require(!webhook->Headers || webhook->Headers->StringKeyValuePair.empty(), "there are Headers");
        require(!webhook->Properties || webhook->Properties->StringObjectKeyValuePair.empty(), "there are Properties");
        require(!webhook->Secret || webhook->Secret->empty(), "there is a Secret");
        client.remove(*webhook->WebhookId);
        require(!client.find(2147483647), "there is a webhook with an unknown id");
    }

    void nonASCII()
    {
        const std::string unusual = "Blåbær – 日本語 🫐";
        Webhook *webhook = client.get(*client.save(described(unusual, otherEvent))->WebhookId);
        expect("Name", webhook->Name, unusual);
        client.remove(*webhook->WebhookId);
    }

    void succeeded()
    {
        client.createDefault();
        require(client.header(), "the answer has no header");
        expect("Succeeded", client.header()->so__Succeeded, true);
    }

    void error()
    {
        Webhook *webhook = described(name + " without events", otherEvent);
        webhook->Events = NULL;
        try {
            client.save(webhook);
        } catch (const OperationError &error) {
            expect("what ExceptionType begins with", error.type.substr(0, 23), "SuperOffice.Exceptions.");
            require(!error.message.empty(), "Message is empty");
            expect("Succeeded", client.header()->so__Succeeded, false);
            return;
        }
        throw Failure("a webhook without events was saved");
    }

    void lastError()
    {
        std::string *error = client.lastError(id);
        expect("GetLastError", error ? *error : "", "");
    }

    void remove()
    {
        int other = *client.save(described(name + " to delete", otherEvent))->WebhookId;
        require(client.find(other), "it was not saved");
        client.remove(other);
        require(!client.find(other), "it is still there");
    }

    void signal()
    {
        so__StringObjectDictionary data;
        add(&data, "navn", soap_new_req_xsd__string_(client.context(), "Åse"));
        add(&data, "antall", soap_new_req_xsd__int_(client.context(), 3));
        client.signal(event, 7, &data);
    }

    void readTyped()
    {
        Webhook *webhook = client.get(std::stoi(environment("TYPED_WEBHOOK")));
        client.save(webhook);
        expect("what was saved", unchanging(client.get(*webhook->WebhookId)), unchanging(webhook));
    }

    Webhook *described(const std::string &name, const std::string &event)
    {
        Webhook *webhook = soap_new_so__Webhook(client.context());
        webhook->Name = client.text(name);
        webhook->Events = soap_new_set_arr__ArrayOfstring(client.context(), {event}, NULL);
        webhook->TargetUrl = client.text(target);
        webhook->Secret = client.text(secret);
        return webhook;
    }

    // gSOAP has a class for every type that can stand in an anyType, all derived from xsd__anyType.
    so__StringObjectDictionary *typedProperties()
    {
        soap *context = client.context();
        static unsigned char bytes[] = {0, 1, 254, 255};
        xsd__base64Binary binary;
        binary.__ptr = bytes;
        binary.__size = sizeof bytes;
        so__StringObjectDictionary *properties = soap_new_so__StringObjectDictionary(context);
        add(properties, "tekst", soap_new_req_xsd__string_(context, "blåbær & <co>"));
        add(properties, "tall", soap_new_req_xsd__int_(context, 42));
        add(properties, "sant", soap_new_req_xsd__boolean_(context, true));
        add(properties, "stort", soap_new_req_xsd__long_(context, 9007199254740993));
        add(properties, "brøk", soap_new_req_xsd__double_(context, 0.5));
        add(properties, "beløp", soap_new_req_xsd__decimal__(context, "12.50"));
        add(properties, "dag", soap_new_req_xsd__dateTime__(context, "2024-02-29T12:30:15"));
        add(properties, "bytes", soap_new_req_xsd__base64Binary__(context, binary));
        return properties;
    }

    void add(so__StringObjectDictionary *dictionary, const std::string &key, xsd__anyType *value)
    {
        dictionary->StringObjectKeyValuePair.emplace_back();
        dictionary->StringObjectKeyValuePair.back().Key = client.text(key);
        dictionary->StringObjectKeyValuePair.back().Value = value;
    }

    void add(so__StringDictionary *dictionary, const std::string &key, const std::string &value)
    {
        dictionary->StringKeyValuePair.emplace_back();
        dictionary->StringKeyValuePair.back().Key = client.text(key);
        dictionary->StringKeyValuePair.back().Value = client.text(value);
    }

    template <class Wrapper>
    static decltype(Wrapper::__item) property(const Webhook *webhook, const std::string &key)
    {
        for (auto &pair : webhook->Properties->StringObjectKeyValuePair) {
            if (*pair.Key != key)
                continue;
            require(pair.Value, key + " is null");
            Wrapper *value = dynamic_cast<Wrapper *>(pair.Value);
            require(value, key + " is of type " + typeid(*pair.Value).name() + ", not " + typeid(Wrapper).name());
            return value->__item;
        }
        throw Failure("there is no property " + key);
    }

    static std::string header(const Webhook *webhook, const std::string &key)
    {
        for (auto &pair : webhook->Headers->StringKeyValuePair) {
            if (*pair.Key != key)
                continue;
            require(pair.Value, key + " is null");
            return *pair.Value;
        }
        throw Failure("there is no header " + key);
    }

    static std::string events(const Webhook *webhook)
    {
        require(webhook->Events, "Events is null");
        std::string list;
        for (const std::string &event : webhook->Events->string)
            list += (list.empty() ? "" : " ") + event;
        return list;
    }

    // All that saving a webhook again under another name must not change, as XML.
    std::string unchanging(const Webhook *webhook)
    {
        Webhook copy = *webhook;
        copy.Name = copy.Updated = NULL;
        copy.UpdatedAssociate = NULL;
        std::ostringstream text;
        client.context()->os = &text;
        int error = soap_write_so__Webhook(client.context(), &copy);
        client.context()->os = NULL;
        require(!error, "the webhook cannot be written");
        return text.str();
    }
};

int main()
{
    Checks checks;
    checks.run();
    return checks.failed;
}
