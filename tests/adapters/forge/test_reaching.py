"""How a host is reached: certificates and proxies as git's users set them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import ForgePlace, NoForge
from gitops_mcp.adapters.forge.registry import open_forge
from gitops_mcp.adapters.forge.wire import Access
from gitops_mcp.errors import Unavailable

VARIABLES = (
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_NO_VERIFY",
    "SSL_CERT_FILE",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
)
BODY = b'{"login": "bot"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\nConnection: close\r\n\r\n" + BODY


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "forge")])
    now = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "forge.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def url(authority: Path) -> Iterator[str]:
    """A forge over TLS that answers everything with a person."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(1 << 16)
                wrapped.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def opened(url: str, access: Access) -> Forge:
    place = ForgePlace("gitea", url, f"{url}/api/v1", "platform/fleet", "platform/fleet", "main")
    found = open_forge(place, git=None, access=access, environ={"GITEA_TOKEN": "planted"})
    assert not isinstance(found, NoForge)
    return found


def test_a_certificate_that_nobody_vouches_for_is_told_with_the_ways_to_trust_it(url: str) -> None:
    with pytest.raises(
        Unavailable, match=r"is not trusted here .*SSL_CERT_FILE, GIT_SSL_CAINFO or git's http.sslCAInfo"
    ):
        opened(url, Access()).identity()


@pytest.mark.parametrize("name", ["GIT_SSL_CAINFO", "SSL_CERT_FILE"])
def test_an_authority_may_be_named_by_a_variable(
    url: str, authority: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(authority))
    assert opened(url, Access()).identity() == "bot, by the token of GITEA_TOKEN"


def test_an_authority_may_be_named_by_gits_configuration(url: str, authority: Path) -> None:
    assert opened(url, Access(ca=str(authority))).identity() == "bot, by the token of GITEA_TOKEN"
    with pytest.raises(Unavailable, match=r"the authorities of /nowhere.pem cannot be loaded"):
        opened(url, Access(ca="/nowhere.pem")).identity()


def test_an_authority_in_gits_configuration_may_be_below_home(
    url: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(authority.parent))
    assert opened(url, Access(ca=f"~/{authority.name}")).identity() == "bot, by the token of GITEA_TOKEN"
    with pytest.raises(Unavailable, match=r"the authorities of ~nobody-there/ca.pem cannot be loaded"):
        opened(url, Access(ca="~nobody-there/ca.pem")).identity()


def test_who_has_told_git_not_to_look_is_not_stopped_here(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(url, Access(verify=False)).identity() == "bot, by the token of GITEA_TOKEN"
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "true")
    assert opened(url, Access()).identity() == "bot, by the token of GITEA_TOKEN"


@pytest.mark.parametrize("by", ["HTTPS_PROXY", "http.proxy"])
def test_a_proxy_is_asked_for_the_host_and_sees_no_token(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            seen.append(connection.recv(1 << 16))
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        proxy = f"http://user:planted-login@127.0.0.1:{server.getsockname()[1]}"
        if by == "HTTPS_PROXY":
            monkeypatch.setenv(by, proxy)
        access = Access(proxy=proxy) if by == "http.proxy" else Access()
        with pytest.raises(Unavailable, match="the proxy did not let it through") as raised:
            opened("https://git.example.com", access).identity()
        thread.join()
    assert seen[0].startswith(b"CONNECT git.example.com:443 ")
    assert b"planted\r\n" not in seen[0]
    assert "planted" not in str(raised.value)


def test_a_proxy_that_is_none_is_told_without_its_login() -> None:
    with pytest.raises(Unavailable, match="the proxy cannot be used") as raised:
        opened("https://git.example.com", Access(proxy="gopher://user:planted-login@proxy:1")).identity()
    assert "planted" not in str(raised.value)
