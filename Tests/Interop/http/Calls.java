import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Posts a file many times with the JDK's client as it comes: on plain http it offers HTTP/2 with every call. */
class Calls {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        var request = HttpRequest.newBuilder(URI.create(System.getenv("URL")))
            .header("Content-Type", "text/xml; charset=utf-8")
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofByteArray(Files.readAllBytes(Path.of(System.getenv("BODY")))))
            .build();
        for (int calls = Integer.parseInt(System.getenv("CALLS")); calls > 0; calls--) {
            long begun = System.nanoTime();
            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            double seconds = (System.nanoTime() - begun) / 1e9;
            System.out.printf("%d %.3f %b%n", answer.statusCode(), seconds, answer.body().contains(System.getenv("EXPECTED")));
        }
    }
}
