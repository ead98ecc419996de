// What the value of a property may be beside what the serializer knows by itself. .NET's svcutil writes this as
// ServiceKnownType at the operations; Mono heeds that in asynchronous calls alone, but KnownType at a type always.
using System.Runtime.Serialization;

namespace www.superoffice.net.ws.crm.NetServer.Services87 {
    [KnownType(typeof(string[]))]
    [KnownType(typeof(int[]))]
    [KnownType(typeof(StringObjectDictionary))]
    public partial class Webhook {
    }
}
