<?php
declare(strict_types=1);

const SERVICE = 'http://www.superoffice.net/ws/crm/NetServer/Services87';

/** An operation that NetServer refused: what its answer's header block ExceptionInfo says. */
final class OperationFailed extends RuntimeException
{
    public function __construct(public readonly object $info)
    {
        parent::__construct("$info->ExceptionType: $info->Message");
    }
}

/** Both services, made from their ?wsdl, and the header block with the ticket that each call takes. */
final class Session
{
    public readonly SoapClient $principal;
    public readonly SoapClient $webhooks;
    /** Header blocks of the last answer, by name. */
    public array $answerHeaders = [];

    public function __construct(string $base, int $soapVersion)
    {
        $options = [
            'soap_version' => $soapVersion,
            'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
            'trace' => true,
        ];
        $this->principal = new SoapClient("$base/Remote/Services87/SoPrincipal.svc?wsdl", $options);
        $this->webhooks = new SoapClient("$base/Remote/Services87/Webhook.svc?wsdl", $options);
    }

    /** The answer of AuthenticateUsernamePassword; the ticket in it, if any, goes with all later calls. */
    public function logIn(string $userName, string $password): object
    {
        $answer = $this->send($this->principal, 'AuthenticateUsernamePassword',
            ['UserName' => $userName, 'Password' => $password]);
        if ($answer->Credentials !== null) {
            $this->webhooks->__setSoapHeaders(new SoapHeader(SERVICE, 'Credentials', $answer->Credentials));
        }
        return $answer;
    }

    /** What a webhook operation answers; null too where it answers nothing. */
    public function call(string $operation, array $arguments = []): mixed
    {
        return $this->send($this->webhooks, $operation, $arguments)->Response ?? null;
    }

    private function send(SoapClient $client, string $operation, array $arguments): object
    {
        $answer = $client->__soapCall($operation, [$arguments], null, null, $this->answerHeaders);
        if (isset($this->answerHeaders['ExceptionInfo'])) {
            throw new OperationFailed($this->answerHeaders['ExceptionInfo']);
        }
        return $answer;
    }
}
