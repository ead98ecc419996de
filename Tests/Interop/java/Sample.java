import com.sun.xml.ws.api.message.Header;
import com.sun.xml.ws.developer.WSBindingProvider;
import javax.xml.bind.JAXBContext;
import javax.xml.bind.JAXBElement;
import javax.xml.ws.Holder;
import netserver.principal.WcfSoPrincipalService;
import netserver.webhook.ArrayOfstring;
import netserver.webhook.ObjectFactory;
import netserver.webhook.SoCredentials;
import netserver.webhook.SoExceptionInfo;
import netserver.webhook.StringObjectDictionary;
import netserver.webhook.WcfWebhookService;
import netserver.webhook.Webhook;
import netserver.webhook.Webhook_Type;

/** Logs in, saves a webhook and signals its event. */
class Sample {
    public static void main(String[] arguments) throws Exception {
        var ticket = new Holder<netserver.principal.SoCredentials>();
        var authenticated = new Holder<Boolean>();
        new WcfSoPrincipalService().getBasicHttpBindingSoPrincipal().authenticateUsernamePassword(
            System.getenv("USER_NAME"), System.getenv("PASSWORD"), new Holder<>(), ticket, authenticated);
        if (!authenticated.value) throw new Exception("wrong user name or password");

        Webhook webhooks = new WcfWebhookService().getBasicHttpBindingWebhook();
        var credentials = new SoCredentials();
        credentials.setTicket(ticket.value.getTicket());
        ((WSBindingProvider) webhooks).setOutboundHeaders(new ObjectFactory().createCredentials(credentials));

        var webhook = new Webhook_Type();
        webhook.setName("JAX-WS sample");
        webhook.setEvents(new ArrayOfstring());
        webhook.getEvents().getString().add(System.getenv("EVENT"));
        webhook.setTargetUrl(System.getenv("TARGET"));
        webhook.setSecret(System.getenv("SECRET"));
        Webhook_Type saved = webhooks.saveWebhook(webhook);
        throwError(webhooks);

        var change = new StringObjectDictionary.StringObjectKeyValuePair();
        change.setKey("name");
        change.setValue("Åse");
        var data = new StringObjectDictionary();
        data.getStringObjectKeyValuePair().add(change);
        webhooks.signalEvent(System.getenv("EVENT"), 7, data);
        throwError(webhooks);
        System.out.println("webhook " + saved.getWebhookId() + " is told of " + System.getenv("EVENT"));
    }

    /** Call it after each call: NetServer's errors come in a header, where JAX-WS does not look. */
    static void throwError(Webhook webhooks) throws Exception {
        for (Header header : ((WSBindingProvider) webhooks).getInboundHeaders()) {
            if (!header.getLocalPart().equals("ExceptionInfo")) continue;
            var reader = JAXBContext.newInstance(ObjectFactory.class).createUnmarshaller();
            SoExceptionInfo error = header.<JAXBElement<SoExceptionInfo>>readAsJAXB(reader).getValue();
            throw new Exception(error.getExceptionType() + ": " + error.getMessage());
        }
    }
}
