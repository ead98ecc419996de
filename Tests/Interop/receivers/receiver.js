// Takes notifications, and believes only what is signed: node receiver.js PORT SECRET
"use strict";
const { createHmac, timingSafeEqual } = require("node:crypto");
const { createServer } = require("node:http");

const MAX_BODY_BYTES = 1 << 20;

const [port, secret] = process.argv.slice(2);
if (!port || !secret) {
    console.error("usage: node receiver.js PORT SECRET");
    process.exit(2);
}

/** The body's exact bytes; null when there are too many. They are read to their end, so that the answer is too. */
async function readBody(request) {
    const chunks = [];
    let size = 0;
    for await (const chunk of request) {
        size += chunk.length;
        if (size <= MAX_BODY_BYTES) {
            chunks.push(chunk);
        }
    }
    return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : null;
}

/** Whether the signature is that of exactly these bytes; how long that takes says nothing about the right one. */
function isSigned(body, signature) {
    const expected = Buffer.from(createHmac("sha256", secret).update(body).digest("base64"));
    const given = Buffer.from(signature ?? "");
    return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Null for what is not JSON. */
function parse(body) {
    try {
        return JSON.parse(body);
    } catch {
        return null;
    }
}

async function answer(request, response) {
    if (request.method !== "POST") {
        response.setHeader("Allow", "POST");
        return 405;
    }
    const body = await readBody(request);
    if (body === null) {
        return 413;
    }
    if (!isSigned(body, request.headers["x-superoffice-signature"])) {
        return 401;
    }
    // What is parsed is signed: nothing of it was looked at before.
    const notification = parse(body);
    if (notification?.Event === undefined || notification.PrimaryKey === undefined) {
        return 400;
    }
    console.log(`accepted ${notification.Event} ${notification.PrimaryKey}`);
    return 200;
}

createServer(async (request, response) => {
    try {
        response.statusCode = await answer(request, response);
        response.end();
    } catch (error) {
        response.destroy(error); // The sender went away.
    }
}).listen(Number(port), "127.0.0.1");
