"""Reads and makes envelopes with securesystemslib."""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import serialization
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey


def public_key(path):
    raw = base64.b64decode(open(path).read().strip().removeprefix("ed25519:"))
    keyid = "sha256:" + hashlib.sha256(raw).hexdigest()
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": raw.hex()})


def secret_key(path):
    return serialization.load_pem_private_key(open(path, "rb").read(), None)


def envelope(path):
    return Envelope.from_dict(json.load(open(path)))


def read(path, *publics):
    keys = [public_key(public) for public in publics]
    good = envelope(path)
    assert len(good.verify(keys, len(keys))) == len(keys)
    statement = json.loads(good.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1", statement
    assert statement["subject"] and statement["predicateType"], statement
    tampered = envelope(path)
    tampered.payload = tampered.payload.replace(b"64M", b"65M")
    assert tampered.payload != good.payload
    try:
        tampered.verify(keys, 1)
    except VerificationError:
        return
    raise AssertionError("a tampered payload is verified")


def sign(path, secret, public, output):
    signed = envelope(path)
    signed.sign(CryptoSigner(secret_key(secret), public_key(public)))
    json.dump(signed.to_dict(), open(output, "w"))


def public(secret, written):
    raw = secret_key(secret).public_key().public_bytes_raw()
    assert raw.hex() == public_key(written).keyval["public"]


{"read": read, "sign": sign, "public": public}[sys.argv[1]](*sys.argv[2:])
