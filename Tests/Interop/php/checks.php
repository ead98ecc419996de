<?php
/* What a user of PHP's SoapClient writes, with comparisons: php checks.php soap11|soap12. See ../README.md. */
declare(strict_types=1);
require 'Session.php';

final class Mismatch extends Exception
{
}

function expect(bool $holds, string $what, mixed $found, mixed $expected): void
{
    if (!$holds) {
        $text = fn($value) => json_encode($value,
            JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
        throw new Mismatch("$what: found {$text($found)}, expected {$text($expected)}");
    }
}

function same(string $what, mixed $found, mixed $expected): void
{
    // For objects === asks whether they are one, and == does not look at types.
    expect(serialize($found) === serialize($expected), $what, $found, $expected);
}

/** A dictionary as SoapClient takes it. */
function dictionary(string $pair, array $values): array
{
    return [$pair => array_map(fn($key) => ['Key' => $key, 'Value' => $values[$key]], array_keys($values))];
}

/** The values of a dictionary that was read, by key. */
function values(?object $dictionary, string $pair): array
{
    return array_column($dictionary?->$pair ?? [], 'Value', 'Key');
}

/** The members of a webhook but those that saving changes and the ones named. */
function members(object $webhook, string ...$except): array
{
    return array_diff_key(get_object_vars($webhook), array_flip(['Updated', 'UpdatedAssociate', ...$except]));
}

/** The checks are the public methods, in order; a check may use what those before it have found. */
final class Checks
{
    private const PRINCIPAL_OPERATIONS = ['AuthenticateGeneric', 'AuthenticateImplicit',
        'AuthenticateUsernamePassword', 'AuthenticateWithAccessToken', 'GetSystemInfo'];
    private const WEBHOOK_OPERATIONS = ['CreateDefaultWebhook', 'DeleteWebhook', 'GetAllWebhooks', 'GetLastError',
        'GetWebhook', 'SaveWebhook', 'SignalEvent', 'TestWebhook'];
    private const HEADERS = ['X-Interop' => 'a&b', 'X-Empty' => ''];
    /** Key, the type's number and name, the value as PHP has it. */
    private const PROPERTIES = [
        ['tekst', XSD_STRING, 'string', 'blåbær & <co>'],
        ['tall', XSD_INT, 'int', 42],
        ['sant', XSD_BOOLEAN, 'boolean', true],
        ['stort', XSD_LONG, 'long', 9007199254740993],
        ['brøk', XSD_DOUBLE, 'double', 0.5],
        ['beløp', XSD_DECIMAL, 'decimal', '12.50'],
        ['dag', XSD_DATETIME, 'dateTime', '2024-02-29T12:30:15'],
        ['bytes', XSD_BASE64BINARY, 'base64Binary', "\x00\x01\xFE\xFF"],
    ];
    private const NOBODYS_ID = 2_000_000_000;

    private Session $session;
    /** The webhook that listens to the run's event, as the service answered last. */
    private object $webhook;
    private string $event;
    private string $target;
    private string $userName;

    public function __construct(private readonly string $form)
    {
        [$this->event, $this->target, $this->userName] = array_map('getenv', ['EVENT', 'TARGET', 'USER_NAME']);
    }

    public function generate(): void
    {
        $this->session = new Session(getenv('BASE'), $this->form === 'soap12' ? SOAP_1_2 : SOAP_1_1);
        same('SoPrincipal', self::operations($this->session->principal), self::PRINCIPAL_OPERATIONS);
        same('Webhook', self::operations($this->session->webhooks), self::WEBHOOK_OPERATIONS);
    }

    public function login(): void
    {
        $refused = $this->session->logIn($this->userName, 'not the password');
        same('AuthenticationSucceeded, wrong password', $refused->AuthenticationSucceeded, false);
        same('Credentials, wrong password', $refused->Credentials, null);
        $answer = $this->session->logIn($this->userName, getenv('PASSWORD'));
        same('AuthenticationSucceeded', $answer->AuthenticationSucceeded, true);
        same('Associate', $answer->Response->Associate, $this->userName);
    }

    public function default(): void
    {
        $default = $this->session->call('CreateDefaultWebhook');
        same('State', $default->State, 'Active');
        same('Type', $default->Type, 'webhook');
        same('Events', $default->Events->string, ['contact.created', 'contact.deleted']);
    }

    public function save(): void
    {
        $sent = [
            'WebhookId' => 0,
            'Name' => "PHP $this->form $this->event",
            'Events' => ['string' => [$this->event, "$this->event.other"]],
            'TargetUrl' => $this->target,
            'Secret' => getenv('SECRET'),
            'State' => 'Active',
            'Type' => 'webhook',
            'Headers' => dictionary('StringKeyValuePair', self::HEADERS),
            'Properties' => self::typedProperties(),
        ];
        $this->webhook = $this->session->call('SaveWebhook', ['Webhook' => $sent]);
        expect($this->webhook->WebhookId > 0, 'WebhookId', $this->webhook->WebhookId, 'above 0');
        same('RegisteredAssociate', $this->webhook->RegisteredAssociate->UserName, $this->userName);
        foreach (['Name', 'TargetUrl', 'Secret', 'State', 'Type'] as $member) {
            same($member, $this->webhook->$member, $sent[$member]);
        }
        same('Events', $this->webhook->Events->string, $sent['Events']['string']);
    }

    public function get(): void
    {
        same('what is read', $this->read($this->webhook->WebhookId), $this->webhook);
    }

    public function update(): void
    {
        $before = $this->read($this->webhook->WebhookId);
        $changed = $this->read($this->webhook->WebhookId);
        $changed->Name .= ' updated';
        foreach ($changed->Properties->StringObjectKeyValuePair as $property) {
            if ($property->Key === 'bytes') {
                // SoapClient decodes base64 on reading, and encodes it again only where it is told the type.
                $property->Value = new SoapVar($property->Value, XSD_BASE64BINARY, 'base64Binary', XSD_NAMESPACE);
            }
        }
        $name = $changed->Name;
        $saved = $this->session->call('SaveWebhook', ['Webhook' => $changed]);
        $this->webhook = $this->read($this->webhook->WebhookId);
        same('what is read then', $this->webhook, $saved);
        same('Name', $saved->Name, $name);
        same('the rest', members($saved, 'Name'), members($before, 'Name'));
    }

    public function list(): void
    {
        $id = $this->webhook->WebhookId;
        same('by name', $this->listed(['NameFilter' => $this->webhook->Name]), [$id]);
        foreach ([['EventFilter' => $this->event], ['StatusFilter' => 'Active']] as $filter) {
            $found = $this->listed($filter);
            expect(in_array($id, $found, true), 'by ' . key($filter), $found, "$id among them");
        }
        $stopped = $this->listed(['StatusFilter' => 'Stopped']);
        expect(!in_array($id, $stopped, true), 'by StatusFilter Stopped', $stopped, "not $id");
        same('by a name that nobody has', $this->listed(['NameFilter' => "nobody's name"]), []);
    }

    public function test(): void
    {
        $webhook = $this->read($this->webhook->WebhookId);
        $answer = $this->session->call('TestWebhook', ['Webhook' => $webhook]);
        same('Success', $answer->Success, true);
        expect(str_starts_with($answer->Message, 'HTTP/1.1 200 '), 'Message', $answer->Message, 'a status line of 200');
        $webhook->TargetUrl = getenv('BAD_TARGET');
        $answer = $this->session->call('TestWebhook', ['Webhook' => $webhook]);
        same('Success of the bad target', $answer->Success, false);
        expect(str_starts_with($answer->Message, 'HTTP/1.1 500 '), 'Message', $answer->Message, 'a status line of 500');
    }

    public function signal(): void
    {
        $this->session->call('SignalEvent', [
            'EventName' => $this->event,
            'PrimaryKey' => 7,
            'Data' => dictionary('StringObjectKeyValuePair',
                ['navn' => 'Åse', 'antall' => new SoapVar(3, XSD_INT, 'int', XSD_NAMESPACE)]),
        ]);
        same('Succeeded', $this->session->answerHeaders['Succeeded'], true);
    }

    public function lastError(): void
    {
        same('GetLastError', $this->session->call('GetLastError', ['WebhookId' => $this->webhook->WebhookId]), '');
    }

    public function delete(): void
    {
        $id = $this->saveAnother()->WebhookId;
        same('what is read before', $this->read($id)->WebhookId, $id);
        $this->session->call('DeleteWebhook', ['WebhookId' => $id]);
        same('what is read', $this->read($id), null);
    }

    public function types(): void
    {
        $id = $this->saveAnother(['Properties' => self::typedProperties()])->WebhookId;
        $found = values($this->read($id)->Properties, 'StringObjectKeyValuePair');
        same('values', $found, array_column(self::PROPERTIES, 3, 0));
        // PHP has the same type for a decimal, a dateTime and a string: only the answer's text tells them apart.
        preg_match_all('~<Key>([^<]*)</Key><Value xsi:type="xsd:(\w+)"~', $this->session->webhooks->__getLastResponse(),
            $matches);
        same('types', array_combine($matches[1], $matches[2]), array_column(self::PROPERTIES, 2, 0));
        $this->session->call('DeleteWebhook', ['WebhookId' => $id]);
    }

    public function headers(): void
    {
        $found = $this->read($this->webhook->WebhookId)->Headers;
        same('Headers', values($found, 'StringKeyValuePair'), self::HEADERS);
    }

    public function state(): void
    {
        $webhook = $this->saveAnother(['State' => 'Stopped']);
        same('State, saved as Stopped', $this->read($webhook->WebhookId)->State, 'Stopped');
        $webhook->State = 'Active';
        $this->session->call('SaveWebhook', ['Webhook' => $webhook]);
        same('State, saved as Active', $this->read($webhook->WebhookId)->State, 'Active');
        $this->session->call('DeleteWebhook', ['WebhookId' => $webhook->WebhookId]);
    }

    public function dates(): void
    {
        foreach (['Registered', 'Updated'] as $member) {
            $found = $this->webhook->$member;
            $age = abs(time() - (new DateTimeImmutable($found))->getTimestamp());
            expect(str_ends_with($found, 'Z') && $age < 300, $member, $found, gmdate('Y-m-d\TH:i:s\Z'));
        }
    }

    public function nil(): void
    {
        $id = $this->saveAnother(['Headers' => null, 'Properties' => null, 'Secret' => null])->WebhookId;
        $found = $this->read($id);
        same('Headers', values($found->Headers, 'StringKeyValuePair'), []);
        same('Properties', values($found->Properties, 'StringObjectKeyValuePair'), []);
        same('Secret', $found->Secret ?? '', '');
        same('an unknown webhook', $this->read(self::NOBODYS_ID), null);
        $this->session->call('DeleteWebhook', ['WebhookId' => $id]);
    }

    public function nonAscii(): void
    {
        $id = $this->saveAnother(['Name' => 'Blåbær – 日本語 🫐'])->WebhookId;
        same('Name', $this->read($id)->Name, 'Blåbær – 日本語 🫐');
        $this->session->call('DeleteWebhook', ['WebhookId' => $id]);
    }

    public function succeeded(): void
    {
        $this->read($this->webhook->WebhookId);
        same('header blocks', $this->session->answerHeaders, ['Succeeded' => true]);
    }

    public function error(): void
    {
        try {
            $saved = $this->saveAnother(['Events' => ['string' => []]]);
            expect(false, 'what was saved without Events', $saved, 'OperationFailed');
        } catch (OperationFailed $failure) {
            same('Succeeded', $this->session->answerHeaders['Succeeded'], false);
            ['ExceptionType' => $type, 'Message' => $message] = get_object_vars($failure->info);
            expect(str_starts_with($type, 'SuperOffice.Exceptions.'), 'ExceptionType', $type, 'one of SuperOffice');
            expect(str_contains($message, 'Events'), 'Message', $message, 'one that names Events');
        }
    }

    public function readTyped(): void
    {
        $read = $this->read((int) getenv('TYPED_WEBHOOK'));
        $saved = $this->session->call('SaveWebhook', ['Webhook' => $read]);
        same('WebhookId', $saved->WebhookId, (int) getenv('TYPED_WEBHOOK'));
    }

    private static function operations(SoapClient $client): array
    {
        $names = preg_replace('/^\w+ (\w+)\(.*$/', '$1', $client->__getFunctions());
        sort($names);
        return $names;
    }

    private static function typedProperties(): array
    {
        $values = [];
        foreach (self::PROPERTIES as [$key, $number, $type, $value]) {
            // The number says how to write the value. xsi:type is sent only for a type that is named, too.
            $values[$key] = new SoapVar($value, $number, $type, XSD_NAMESPACE);
        }
        return dictionary('StringObjectKeyValuePair', $values);
    }

    private function saveAnother(array $members = []): object
    {
        return $this->session->call('SaveWebhook', ['Webhook' => $members + [
            'WebhookId' => 0,
            'Name' => "PHP $this->form another",
            'Events' => ['string' => ["$this->event.another"]],
            'TargetUrl' => $this->target,
        ]]);
    }

    private function read(int $id): ?object
    {
        return $this->session->call('GetWebhook', ['WebhookId' => $id]);
    }

    private function listed(array $filters): array
    {
        return array_column($this->session->call('GetAllWebhooks', $filters)->Webhook ?? [], 'WebhookId');
    }
}

set_error_handler(fn(int $level, string $message) => throw new ErrorException($message)); // A warning is a failure.
$checks = new Checks($argv[1]);
$failed = false;
foreach ((new ReflectionClass($checks))->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
    if ($method->isConstructor()) {
        continue;
    }
    $name = strtolower(preg_replace('/[A-Z]/', '-$0', $method->name));
    try {
        $method->invoke($checks);
        echo "pass $name\n";
    } catch (Throwable $error) {
        $kind = $error instanceof Mismatch ? '' : get_class($error) . ' ';
        echo "fail $name: $kind", preg_replace('/\s+/', ' ', $error->getMessage()), "\n";
        $failed = true;
    }
}
exit($failed ? 1 : 0);
