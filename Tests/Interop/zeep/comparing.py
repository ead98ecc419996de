"""How the programs for zeep compare what they read with what they expect."""
import zeep

ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"


class Mismatch(Exception):
    pass


def same(what, found, expected):
    if found != expected or type(found) is not type(expected):
        raise Mismatch(f"{what}: found {found!r}, expected {expected!r}")


def members(value):
    """What a value holds: of one that is nil, zeep makes an object with nothing in it."""
    return {name: member for name, member in (zeep.helpers.serialize_object(value) or {}).items() if member is not None}


def told(error):
    text = " ".join(str(error).split())
    return text if isinstance(error, Mismatch) else f"{type(error).__name__}: {text}"
