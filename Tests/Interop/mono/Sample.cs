// Logs in, saves a webhook and signals its event.
extern alias principal;
using System;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.ServiceModel.Description;
using System.ServiceModel.Dispatcher;
using Crm = www.superoffice.net.ws.crm.NetServer.Services87;
using Login = principal::www.superoffice.net.ws.crm.NetServer.Services87;

// Sends the ticket with every call, and throws where the header of an answer says that the call failed.
class Session : IEndpointBehavior, IClientMessageInspector {
    const string Namespace = "http://www.superoffice.net/ws/crm/NetServer/Services87";
    public Login.SoCredentials Credentials;
    public bool Succeeded;
    // The method that svcutil writes for this call has one result and cannot read the answer; the types it writes can.
    public Login.AuthenticateResponse LogIn(Binding binding, string address, string userName, string password) {
        var factory = binding.BuildChannelFactory<IRequestChannel>();
        factory.Open();
        var channel = factory.CreateChannel(new EndpointAddress(address));
        channel.Open();
        var user = new Login.AuthenticateUsernamePassword { UserName = userName, Password = password };
        var action = Namespace + "/SoPrincipal/AuthenticateUsernamePassword";
        var answer = channel.Request(Message.CreateMessage(binding.MessageVersion, action, user));
        AfterReceiveReply(ref answer, null);
        return answer.GetBody<Login.AuthenticateResponse>();
    }
    public object BeforeSendRequest(ref Message request, IClientChannel channel) {
        request.Headers.Add(MessageHeader.CreateHeader("Credentials", Namespace, Credentials));
        return null;
    }
    public void AfterReceiveReply(ref Message answer, object state) {
        Succeeded = answer.Headers.GetHeader<bool>("Succeeded", Namespace);
        if (Succeeded) return;
        var error = answer.Headers.GetHeader<Crm.SoExceptionInfo>("ExceptionInfo", Namespace);
        throw new FaultException<Crm.SoExceptionInfo>(error, error.Message);
    }
    public void ApplyClientBehavior(ServiceEndpoint endpoint, ClientRuntime calls) => calls.MessageInspectors.Add(this);
    public void ApplyDispatchBehavior(ServiceEndpoint endpoint, EndpointDispatcher dispatcher) { }
    public void AddBindingParameters(ServiceEndpoint endpoint, BindingParameterCollection parameters) { }
    public void Validate(ServiceEndpoint endpoint) { }
}

static class Sample {
    static void Main() {
        Func<string, string> given = Environment.GetEnvironmentVariable;
        string services = given("BASE") + "/Remote/Services87/", name = given("EVENT");
        var binding = new BasicHttpBinding();
        var session = new Session();
        var login = session.LogIn(binding, services + "SoPrincipal.svc", given("USER_NAME"), given("PASSWORD"));
        if (!login.AuthenticationSucceeded) throw new Exception("Wrong user name or password.");
        session.Credentials = login.Credentials;
        var client = new WebhookClient(binding, new EndpointAddress(services + "Webhook.svc"));
        client.Endpoint.Behaviors.Add(session);
        var webhook = client.SaveWebhook(new Crm.Webhook {
            Name = "Mono", Events = new[] { name }, TargetUrl = given("TARGET"), Secret = given("SECRET") });
        client.SignalEvent(name, 7, new Crm.StringObjectDictionary { { "navn", "Åse" }, { "antall", 3 } });
        Console.WriteLine($"Webhook {webhook.WebhookId} is told of {name}.");
    }
}
