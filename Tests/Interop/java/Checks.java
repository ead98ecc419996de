import com.sun.xml.ws.api.message.Header;
import com.sun.xml.ws.developer.WSBindingProvider;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.xml.bind.JAXBContext;
import javax.xml.bind.JAXBElement;
import javax.xml.bind.JAXBException;
import javax.xml.datatype.DatatypeConstants;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.ws.Holder;
import netserver.principal.SoPrincipal;
import netserver.principal.SoPrincipalCarrier;
import netserver.principal.WcfSoPrincipalService;
import netserver.webhook.ArrayOfWebhook;
import netserver.webhook.ArrayOfstring;
import netserver.webhook.ObjectFactory;
import netserver.webhook.SoCredentials;
import netserver.webhook.SoExceptionInfo;
import netserver.webhook.StringDictionary;
import netserver.webhook.StringObjectDictionary;
import netserver.webhook.WcfWebhookService;
import netserver.webhook.Webhook;
import netserver.webhook.WebhookResult;
import netserver.webhook.WebhookState;
import netserver.webhook.Webhook_Type;

/** Plays the checks of ../README.md but `generate`, in its order. */
class Checks {
    private static final String SERVICE = "http://www.superoffice.net/ws/crm/NetServer/Services87";
    private static final String USER_NAME = System.getenv("USER_NAME");
    private static final String TARGET = System.getenv("TARGET");
    private static final String SECRET = System.getenv("SECRET");
    private static final String EVENT = System.getenv("EVENT");
    private static final String OTHER_EVENT = EVENT + ".other";
    private static final String NAME = "JAX-WS";
    private static final int UNKNOWN_ID = 987654321;
    private static final Map<String, String> HEADERS = new LinkedHashMap<>();
    private static final Map<String, Object> PROPERTIES = new LinkedHashMap<>();

    private final ObjectFactory factory = new ObjectFactory();
    private final JAXBContext context;
    private final Webhook port;
    /** The webhook that stays stored, as it was saved last. */
    private Webhook_Type webhook;

    public static void main(String[] arguments) throws Exception {
        HEADERS.put("X-Interop", "a&b");
        HEADERS.put("X-Empty", "");
        PROPERTIES.put("tekst", "blåbær & <co>");
        PROPERTIES.put("tall", 42);
        PROPERTIES.put("sant", true);
        PROPERTIES.put("stort", 9007199254740993L);
        PROPERTIES.put("brøk", 0.5);
        PROPERTIES.put("beløp", new BigDecimal("12.50"));
        PROPERTIES.put("dag", DatatypeFactory.newInstance().newXMLGregorianCalendar("2024-02-29T12:30:15"));
        PROPERTIES.put("bytes", new byte[] {0, 1, (byte) 254, (byte) 255});
        new Checks().play();
    }

    private Checks() throws JAXBException {
        context = JAXBContext.newInstance(ObjectFactory.class);
        port = new WcfWebhookService().getBasicHttpBindingWebhook();
    }

    private void play() {
        check("login", this::login);
        check("default", this::defaultWebhook);
        check("save", this::save);
        check("get", this::get);
        check("update", this::update);
        check("list", this::list);
        check("test", this::test);
        check("signal", this::signal);
        check("last-error", () -> same("error", answer(port.getLastError(webhook.getWebhookId())), ""));
        check("delete", this::delete);
        check("types", this::types);
        check("headers", () -> same("headers", headers(get(webhook.getWebhookId())), HEADERS));
        check("state", this::state);
        check("dates", this::dates);
        check("nil", this::nil);
        check("non-ascii", this::nonASCII);
        check("succeeded", this::succeeded);
        check("error", this::error);
        check("read-typed", this::readTyped);
    }

    private void login() throws Exception {
        SoPrincipal principal = new WcfSoPrincipalService().getBasicHttpBindingSoPrincipal();
        var carrier = new Holder<SoPrincipalCarrier>();
        var ticket = new Holder<netserver.principal.SoCredentials>();
        var authenticated = new Holder<Boolean>();
        principal.authenticateUsernamePassword(USER_NAME, "not the password", carrier, ticket, authenticated);
        same("AuthenticationSucceeded with a wrong password", authenticated.value, false);
        same("no ticket with a wrong password", ticket.value == null || ticket.value.getTicket() == null, true);
        principal.authenticateUsernamePassword(USER_NAME, System.getenv("PASSWORD"), carrier, ticket, authenticated);
        same("AuthenticationSucceeded", authenticated.value, true);
        same("Associate", carrier.value.getAssociate(), USER_NAME);
        var credentials = new SoCredentials();
        credentials.setTicket(ticket.value.getTicket());
        ((WSBindingProvider) port).setOutboundHeaders(factory.createCredentials(credentials));
    }

    private void defaultWebhook() throws Exception {
        Webhook_Type found = answer(port.createDefaultWebhook());
        same("State", found.getState(), WebhookState.ACTIVE);
        same("Type", found.getType(), "webhook");
        same("Events", found.getEvents().getString(), List.of("contact.created", "contact.deleted"));
        same("WebhookId", found.getWebhookId(), 0);
    }

    private void save() throws Exception {
        Webhook_Type unsaved = webhook(NAME, EVENT, OTHER_EVENT);
        unsaved.setSecret(SECRET);
        unsaved.setHeaders(dictionary(HEADERS));
        unsaved.setProperties(objectDictionary(PROPERTIES));
        webhook = answer(port.saveWebhook(unsaved));
        same("WebhookId above 0", webhook.getWebhookId() > 0, true);
        same("who registered it", webhook.getRegisteredAssociate().getUserName(), USER_NAME);
    }

    private void get() throws Exception {
        Webhook_Type found = get(webhook.getWebhookId());
        same("webhook", xml(found), xml(webhook));
        same("Name", found.getName(), NAME);
        same("Events", found.getEvents().getString(), List.of(EVENT, OTHER_EVENT));
        same("TargetUrl", found.getTargetUrl(), TARGET);
        same("Secret", found.getSecret(), SECRET);
        same("State", found.getState(), WebhookState.ACTIVE);
        same("Type", found.getType(), "webhook");
        same("Headers", headers(found), HEADERS);
        same("names of Properties", properties(found).keySet(), PROPERTIES.keySet());
        same("who registered it", found.getRegisteredAssociate().getUserName(), USER_NAME);
        same("who updated it", found.getUpdatedAssociate().getUserName(), USER_NAME);
    }

    private void update() throws Exception {
        Webhook_Type sent = get(webhook.getWebhookId());
        sent.setName(NAME + ", renamed");
        webhook = answer(port.saveWebhook(sent));
        sent.setUpdated(webhook.getUpdated());
        same("answer", xml(webhook), xml(sent));
        same("webhook", xml(get(sent.getWebhookId())), xml(sent));
    }

    private void list() throws Exception {
        int id = webhook.getWebhookId();
        same("found by name", ids(port.getAllWebhooks(webhook.getName(), null, null)).contains(id), true);
        same("found by event", ids(port.getAllWebhooks(null, EVENT, null)).contains(id), true);
        same("found by status", ids(port.getAllWebhooks(null, null, WebhookState.ACTIVE)).contains(id), true);
        same("found by another status", ids(port.getAllWebhooks(null, null, WebhookState.STOPPED)).contains(id), false);
        same("found by a name that nobody has", ids(port.getAllWebhooks(NAME + EVENT, null, null)), List.of());
    }

    private void test() throws Exception {
        WebhookResult good = answer(port.testWebhook(webhook));
        same("Success", good.isSuccess(), true);
        if (good.getMessage().lines().noneMatch(line -> line.matches("HTTP/[0-9.]+ 200\\b.*"))) {
            throw new Failure("Message", good.getMessage(), "the status line of 200");
        }
        Webhook_Type bad = get(webhook.getWebhookId());
        bad.setTargetUrl(System.getenv("BAD_TARGET"));
        same("Success of a target that answers 500", answer(port.testWebhook(bad)).isSuccess(), false);
    }

    private void signal() throws Exception {
        var data = new LinkedHashMap<String, Object>();
        data.put("navn", "Åse");
        data.put("antall", 3);
        port.signalEvent(EVENT, 7, objectDictionary(data));
        answer(null);
    }

    private void delete() throws Exception {
        int id = saveAnother(webhook(NAME + ", to be deleted", OTHER_EVENT)).getWebhookId();
        same("the webhook to be deleted is stored", get(id) != null, true);
        delete(id);
        same("the deleted webhook", get(id), null);
    }

    private void types() throws Exception {
        Map<String, Object> found = properties(get(webhook.getWebhookId()));
        same("names", found.keySet(), PROPERTIES.keySet());
        for (var property : PROPERTIES.entrySet()) {
            same(property.getKey(), typed(found.get(property.getKey())), typed(property.getValue()));
        }
    }

    private void state() throws Exception {
        Webhook_Type sent = webhook(NAME + ", stopped", OTHER_EVENT);
        sent.setState(WebhookState.STOPPED);
        Webhook_Type stopped = get(saveAnother(sent).getWebhookId());
        same("State", stopped.getState(), WebhookState.STOPPED);
        stopped.setState(WebhookState.ACTIVE);
        answer(port.saveWebhook(stopped));
        same("State, started again", get(stopped.getWebhookId()).getState(), WebhookState.ACTIVE);
        delete(stopped.getWebhookId());
    }

    private void dates() throws Exception {
        Webhook_Type found = get(webhook.getWebhookId());
        for (XMLGregorianCalendar time : List.of(found.getRegistered(), found.getUpdated())) {
            same("zone of " + time, time.getTimezone(), 0);
            Duration age = Duration.between(time.toGregorianCalendar().toInstant(), Instant.now());
            same(time + " is within five minutes of now", age.abs().toMinutes() < 5, true);
        }
    }

    private void nil() throws Exception {
        Webhook_Type sent = webhook(NAME + ", with nothing", OTHER_EVENT);
        sent.setHeaders(null);
        sent.setProperties(null);
        sent.setSecret(null);
        Webhook_Type found = get(saveAnother(sent).getWebhookId());
        same("Headers", headers(found), Map.of());
        same("Properties", properties(found), Map.of());
        same("Secret", Objects.requireNonNullElse(found.getSecret(), ""), "");
        same("an unknown webhook", get(UNKNOWN_ID), null);
        delete(found.getWebhookId());
    }

    private void nonASCII() throws Exception {
        String name = "Blåbær – 日本語 🫐";
        int id = saveAnother(webhook(name, OTHER_EVENT)).getWebhookId();
        same("Name", get(id).getName(), name);
        delete(id);
    }

    private void succeeded() throws Exception {
        port.getWebhook(webhook.getWebhookId());
        same("Succeeded", this.<Boolean>header("Succeeded"), true);
    }

    private void error() throws Exception {
        Webhook_Type found = port.saveWebhook(webhook(NAME + ", without events"));
        same("Succeeded", this.<Boolean>header("Succeeded"), false);
        same("Response", found, null);
        SoExceptionInfo error = header("ExceptionInfo");
        same("there is an ExceptionInfo", error != null, true);
        if (!String.valueOf(error.getExceptionType()).startsWith("SuperOffice.Exceptions.")) {
            throw new Failure("ExceptionType", error.getExceptionType(), "SuperOffice.Exceptions. and more");
        }
        if (!String.valueOf(error.getMessage()).contains("Events")) {
            throw new Failure("Message", error.getMessage(), "one that names Events");
        }
    }

    private void readTyped() throws Exception {
        Webhook_Type typed = get(Integer.parseInt(System.getenv("TYPED_WEBHOOK")));
        same("there is a webhook TYPED_WEBHOOK", typed != null, true);
        same("id of what was saved", answer(port.saveWebhook(typed)).getWebhookId(), typed.getWebhookId());
    }

    // What the service is asked for

    private Webhook_Type get(int id) throws Exception {
        return answer(port.getWebhook(id));
    }

    private Webhook_Type saveAnother(Webhook_Type another) throws Exception {
        return answer(port.saveWebhook(another));
    }

    private void delete(int id) throws Exception {
        port.deleteWebhook(id);
        answer(null);
    }

    private List<Integer> ids(ArrayOfWebhook webhooks) throws Exception {
        return answer(webhooks).getWebhook().stream().map(Webhook_Type::getWebhookId).toList();
    }

    /** What the call before has answered, unless it failed. */
    private <Answer> Answer answer(Answer answer) throws Exception {
        SoExceptionInfo error = header("ExceptionInfo");
        if (error != null) {
            throw new Exception(error.getExceptionType() + ": " + error.getMessage());
        }
        same("Succeeded", this.<Boolean>header("Succeeded"), true);
        return answer;
    }

    /** A header block of the last answer; null where there is none. */
    private <Block> Block header(String name) throws JAXBException {
        for (Header header : ((WSBindingProvider) port).getInboundHeaders()) {
            if (header.getLocalPart().equals(name) && header.getNamespaceURI().equals(SERVICE)) {
                return header.<JAXBElement<Block>>readAsJAXB(context.createUnmarshaller()).getValue();
            }
        }
        return null;
    }

    // Between the generated classes and Java's own

    private static Webhook_Type webhook(String name, String... events) {
        var webhook = new Webhook_Type();
        webhook.setName(name);
        webhook.setEvents(new ArrayOfstring());
        webhook.getEvents().getString().addAll(List.of(events));
        webhook.setTargetUrl(TARGET);
        return webhook;
    }

    private static StringDictionary dictionary(Map<String, String> values) {
        var dictionary = new StringDictionary();
        values.forEach((key, value) -> {
            var pair = new StringDictionary.StringKeyValuePair();
            pair.setKey(key);
            pair.setValue(value);
            dictionary.getStringKeyValuePair().add(pair);
        });
        return dictionary;
    }

    private static StringObjectDictionary objectDictionary(Map<String, Object> values) {
        var dictionary = new StringObjectDictionary();
        values.forEach((key, value) -> {
            var pair = new StringObjectDictionary.StringObjectKeyValuePair();
            pair.setKey(key);
            pair.setValue(value);
            dictionary.getStringObjectKeyValuePair().add(pair);
        });
        return dictionary;
    }

    private static Map<String, String> headers(Webhook_Type webhook) {
        var headers = new LinkedHashMap<String, String>();
        if (webhook.getHeaders() != null) {
            webhook.getHeaders().getStringKeyValuePair().forEach(pair -> headers.put(pair.getKey(), pair.getValue()));
        }
        return headers;
    }

    private static Map<String, Object> properties(Webhook_Type webhook) {
        var properties = new LinkedHashMap<String, Object>();
        if (webhook.getProperties() != null) {
            webhook.getProperties().getStringObjectKeyValuePair()
                .forEach(pair -> properties.put(pair.getKey(), pair.getValue()));
        }
        return properties;
    }

    /** A value with its type, as text. */
    private static String typed(Object value) {
        if (value == null) {
            return "null";
        }
        String text = value instanceof byte[] bytes ? Arrays.toString(bytes) : value.toString();
        return value.getClass().getSimpleName() + " " + text;
    }

    /** All that a webhook holds, the types of its properties too. */
    private String xml(Webhook_Type webhook) throws JAXBException {
        var text = new StringWriter();
        context.createMarshaller().marshal(factory.createWebhook(webhook), text);
        return text.toString();
    }

    // Checking

    private interface Check {
        void play() throws Exception;
    }

    private static class Failure extends Exception {
        Failure(String what, Object found, Object expected) {
            super(what + ": found " + found + ", expected " + expected);
        }
    }

    private static void check(String name, Check check) {
        try {
            check.play();
            System.out.println("pass " + name);
        } catch (Failure failure) {
            System.out.println("fail " + name + ": " + oneLine(failure.getMessage()));
        } catch (Exception error) {
            System.out.println("fail " + name + ": " + oneLine(error.toString()));
            error.printStackTrace();
        }
    }

    private static void same(String what, Object found, Object expected) throws Failure {
        if (!Objects.equals(found, expected)) {
            throw new Failure(what, found, expected);
        }
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\\R\\s*", " ");
    }
}
