// Takes notifications on 127.0.0.1 and believes those that are signed with the webhook's secret.
//
//     mcs -r:System.Runtime.Serialization Receiver.cs
//     mono Receiver.exe PORT SECRET
using System;
using System.IO;
using System.Net;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.Text;
using System.Threading;

[DataContract]
class Notification {
    [DataMember(IsRequired = true)] public string Event = "";
    [DataMember(IsRequired = true)] public int PrimaryKey = 0;
}

static class Receiver {
    const int LargestBody = 1 << 20;
    const int LargestDiscarded = 16 << 20;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    static void Main(string[] arguments) {
        Console.OutputEncoding = new UTF8Encoding(false);
        var secret = Encoding.UTF8.GetBytes(arguments[1]);
        var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{arguments[0]}/");
        listener.Start();
        while (true) {
            var context = listener.GetContext();
            // A thread each, not a task: on Mono asynchronous reading of a chunked body may never end.
            new Thread(() => Answer(context, secret)) { IsBackground = true }.Start();
        }
    }

    static void Answer(HttpListenerContext context, byte[] secret) {
        // What Mono's Abort answers; it would be 200.
        context.Response.StatusCode = (int)HttpStatusCode.RequestTimeout;
        // Who sends nothing must not hold a thread for ever.
        using (new Timer(_ => context.Response.Abort(), null, Patience, Timeout.InfiniteTimeSpan)) {
            try {
                context.Response.StatusCode = (int)Receive(context.Request, context.Response, secret);
                context.Response.Close();
            } catch (Exception error) {
                Console.Error.WriteLine(error.Message);  // Such as that the sender went away.
                context.Response.Abort();
            }
        }
    }

    static HttpStatusCode Receive(HttpListenerRequest request, HttpListenerResponse response, byte[] secret) {
        if (request.HttpMethod != "POST") {
            response.AddHeader("Allow", "POST");
            return HttpStatusCode.MethodNotAllowed;
        }
        var body = ReadBody(request.InputStream);
        if (body == null) return HttpStatusCode.RequestEntityTooLarge;
        // Before it is parsed, and of the bytes as they came: the same JSON written anew has another signature.
        if (!IsSigned(body, request.Headers["X-SuperOffice-Signature"], secret)) return HttpStatusCode.Unauthorized;
        var notification = Parse(body);
        if (notification == null) return HttpStatusCode.BadRequest;
        Console.Out.WriteLine($"accepted {notification.Event} {notification.PrimaryKey}");
        Console.Out.Flush();
        return HttpStatusCode.OK;
    }

    // Null if it is too large. What is too much is read on for a while, because most senders look at the answer only
    // when they have sent everything.
    static byte[] ReadBody(Stream input) {
        var body = new MemoryStream();
        var buffer = new byte[16384];
        var size = 0;
        int count;
        while (size <= LargestDiscarded && (count = input.Read(buffer, 0, buffer.Length)) > 0) {
            size += count;
            if (size <= LargestBody) body.Write(buffer, 0, count);
        }
        return size <= LargestBody ? body.ToArray() : null;
    }

    static bool IsSigned(byte[] body, string signature, byte[] secret) {
        using (var hmac = new HMACSHA256(secret)) {
            var expected = Convert.ToBase64String(hmac.ComputeHash(body));
            // Takes as long wherever they differ: with == it could be measured how much of a guess is right.
            return CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(signature ?? ""));
        }
    }

    static Notification Parse(byte[] body) {
        try {
            var serializer = new DataContractJsonSerializer(typeof(Notification));
            return (Notification)serializer.ReadObject(new MemoryStream(body));
        } catch (SerializationException) {
            return null;
        }
    }
}
