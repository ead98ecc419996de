<?php
/*
 * Takes notifications, and believes only what is signed: php receiver.php PORT SECRET
 *
 * Started so, this file has PHP's own web server ask it for every answer. Under another web server it is the page that
 * a webhook's TargetUrl names, with WEBHOOK_SECRET in its environment.
 */
declare(strict_types=1);

const MAX_BODY_BYTES = 1 << 20;

if (PHP_SAPI === 'cli') {
    [, $port, $secret] = $argv + [1 => '', ''];
    if ($port === '' || $secret === '') {
        fwrite(STDERR, "usage: php receiver.php PORT SECRET\n");
        exit(2);
    }
    // PHP would parse forms itself, and keep no bytes of some: the signature is of the bytes, whatever they are called.
    $server = ['-q', '-d', 'enable_post_data_reading=0', '-S', "127.0.0.1:$port", __FILE__];
    pcntl_exec(PHP_BINARY, $server, ['WEBHOOK_SECRET' => $secret] + getenv());
    exit(1);
}

http_response_code(answer());

function answer(): int
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        header('Allow: POST');
        return 405;
    }
    $body = file_get_contents('php://input', length: MAX_BODY_BYTES + 1);
    if (strlen($body) > MAX_BODY_BYTES) {
        return 413;
    }
    if (!isSigned($body, $_SERVER['HTTP_X_SUPEROFFICE_SIGNATURE'] ?? '')) {
        return 401;
    }
    // What is parsed is signed: nothing of it was looked at before.
    $notification = json_decode($body, true);
    if (!isset($notification['Event'], $notification['PrimaryKey'])) {
        return 400;
    }
    file_put_contents('php://stdout', "accepted {$notification['Event']} {$notification['PrimaryKey']}\n");
    return 200;
}

/** Whether the signature is that of exactly these bytes; how long that takes says nothing about the right one. */
function isSigned(string $body, string $signature): bool
{
    $secret = getenv('WEBHOOK_SECRET') ?: throw new RuntimeException('WEBHOOK_SECRET is not set.');
    return hash_equals(base64_encode(hash_hmac('sha256', $body, $secret, true)), $signature);
}
