"""Configuration files of the tests: users, tenants, applications, and the secrets that follow from their names."""
import base64
import functools
import hashlib
import os

# What targets on this machine need without --dev.
LOCAL_TARGETS = {"requireHttpsTargets": False, "allowPrivateTargets": "127.0.0.0/8"}


def password_of(user):
    return f"{user.lower()}'s pässword & <more>"


def scrypt(password, salt, blocks, rounds):
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << blocks, r=8, p=rounds, maxmem=128 << 20, dklen=32)


@functools.cache
def password_hash(password, blocks=10, rounds=1):
    """As `webhook-svc hash-password` prints it, but cheap unless told: 15 and 3 are what that takes."""
    salt = os.urandom(16)
    hash = scrypt(password, salt, blocks, rounds)
    return f"scrypt$ln={blocks},r=8,p={rounds}${base64.b64encode(salt).decode()}${base64.b64encode(hash).decode()}"


def user(name, associate, **members):
    """A user of a configuration file, with the right to webhooks."""
    return {"name": name, "passwordHash": password_hash(password_of(name)), "associateId": associate,
            "rights": ["webhooks"], **members}


def onsite(*users, **members):
    return {**LOCAL_TARGETS, "tenants": [{"users": list(users), **members}]}


def hosted(*tenants, **members):
    return {**LOCAL_TARGETS, "installation": "hosted", "tenants": list(tenants), **members}


def tenant(id, *applications, users, **members):
    """A hosted tenant. The token of an application follows from its name."""
    return {"id": id, "applications": [{"token": token_of(name), "name": name} for name in applications],
            "users": users, **members}


def token_of(application):
    return f"token-of-{application}"
