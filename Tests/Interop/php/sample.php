<?php
/*
 * Logs in, saves a webhook and signals its event, with PHP's own SoapClient. It takes from the environment: BASE (what
 * stands before /Remote), USER_NAME, PASSWORD, TARGET (the URL to notify), SECRET (to sign with) and EVENT.
 */
declare(strict_types=1);

const SERVICE = 'http://www.superoffice.net/ws/crm/NetServer/Services87';

/** Calls an operation; one that fails answers like one that succeeds, and says so in a header block. */
function call(SoapClient $client, string $operation, array $arguments): object
{
    $answer = $client->__soapCall($operation, [$arguments], null, null, $headers);
    if (!$headers['Succeeded']) {
        $error = $headers['ExceptionInfo'];
        throw new RuntimeException("$operation: $error->ExceptionType: $error->Message");
    }
    return $answer;
}

/** What SoapClient takes as a dictionary. A value that is no string needs a SoapVar with all four arguments. */
function properties(array $values): array
{
    $pair = fn(string $key, mixed $value) => ['Key' => $key, 'Value' => $value];
    return ['StringObjectKeyValuePair' => array_map($pair, array_keys($values), $values)];
}

$base = getenv('BASE') . '/Remote/Services87';
$options = ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]; // One event is an array too. For SOAP 1.2 add 'soap_version'.
$principal = new SoapClient("$base/SoPrincipal.svc?wsdl", $options);
$webhooks = new SoapClient("$base/Webhook.svc?wsdl", $options);

$login = call($principal, 'AuthenticateUsernamePassword',
    ['UserName' => getenv('USER_NAME'), 'Password' => getenv('PASSWORD')]);
if (!$login->AuthenticationSucceeded) {
    throw new RuntimeException('Wrong user name or password.');
}
$webhooks->__setSoapHeaders(new SoapHeader(SERVICE, 'Credentials', $login->Credentials));

$saved = call($webhooks, 'SaveWebhook', ['Webhook' => [
    'Name' => 'PHP sample',
    'Events' => ['string' => [getenv('EVENT')]],
    'TargetUrl' => getenv('TARGET'),
    'Secret' => getenv('SECRET'),
    'Properties' => properties(['department' => 'Sales', 'level' => new SoapVar(3, XSD_INT, 'int', XSD_NAMESPACE)]),
]])->Response;
echo "Saved webhook $saved->WebhookId, registered $saved->Registered.\n";

call($webhooks, 'SignalEvent', [
    'EventName' => getenv('EVENT'),
    'PrimaryKey' => 7,
    'Data' => properties(['name' => 'Åse']),
]);
echo 'Signalled ' . getenv('EVENT') . ".\n";
