// Logs in, saves a webhook and signals its event. To build it, with http://127.0.0.1:8087/Remote/Services87 as URL:
//     wsdl2h -t typemap.dat -o service.h URL/SoPrincipal.svc?wsdl URL/Webhook.svc?wsdl
//     soapcpp2 -j -C -L service.h && g++ sample.cpp soap*.cpp -lgsoap++
#include "soapBasicHttpBinding_USCORESoPrincipalProxy.h"
#include "BasicHttpBinding_USCORESoPrincipal.nsmap"
#include <cstdlib>
#include <iostream>

using Proxy = BasicHttpBinding_USCORESoPrincipalProxy;

// A call has failed if its answer is a fault, and if Succeeded in the answer's header is false.
static void require(Proxy &proxy, int error)
{
    if (error)
        proxy.soap_stream_fault(std::cerr);
    else if (!*proxy.soap_header()->so__Succeeded)
        std::cerr << *proxy.soap_header()->so__ExceptionInfo->Message << "\n";
    else
        return;
    exit(1);
}

int main()
{
    const std::string services = std::string(getenv("BASE")) + "/Remote/Services87/";
    const std::string principalService = services + "SoPrincipal.svc", webhookService = services + "Webhook.svc";
    std::string user = getenv("USER_NAME"), password = getenv("PASSWORD"), target = getenv("TARGET");
    std::string secret = getenv("SECRET"), event = getenv("EVENT"), name = "gSOAP", key = "navn";
    Proxy proxy(SOAP_C_UTFSTRING);  // Strings are UTF-8.

    _so__AuthenticateUsernamePassword login;
    login.UserName = &user, login.Password = &password;
    _so__AuthenticateResponse session;
    require(proxy, proxy.AuthenticateUsernamePassword(principalService.c_str(), NULL, &login, session));
    if (!*session.AuthenticationSucceeded)
        return std::cerr << "wrong user name or password\n", 1;

    so__Webhook webhook;
    webhook.Name = &name;
    webhook.Events = soap_new_set_arr__ArrayOfstring(proxy.soap, {event}, NULL);
    webhook.TargetUrl = &target;
    webhook.Secret = &secret;
    _so__SaveWebhook save;
    save.Webhook = &webhook;
    _so__SaveWebhookResponse saved;
    proxy.soap_header(NULL, session.Credentials, NULL, NULL, NULL, NULL);  // Before every call: answers replace it.
    require(proxy, proxy.SaveWebhook(webhookService.c_str(), NULL, &save, saved));

    so__StringObjectDictionary data;
    data.StringObjectKeyValuePair.resize(1);
    data.StringObjectKeyValuePair[0].Key = &key;
    data.StringObjectKeyValuePair[0].Value = soap_new_req_xsd__string_(proxy.soap, "Åse");
    int primaryKey = 7;
    _so__SignalEvent signal;
    signal.EventName = &event, signal.PrimaryKey = &primaryKey, signal.Data = &data;
    _so__SignalEventResponse signalled;
    proxy.soap_header(NULL, session.Credentials, NULL, NULL, NULL, NULL);
    require(proxy, proxy.SignalEvent(webhookService.c_str(), NULL, &signal, signalled));
    std::cout << "webhook " << *saved.Response->WebhookId << " is saved, " << event << " is signalled\n";
}
