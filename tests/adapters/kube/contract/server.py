"""What the contract is tried on: the sandbox's API, or a real API server, behind one face."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes import config

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import Store, WriteOptions
from gitops_mcp.sandbox.store.checks.webhooks import Webhook

LEDGER = Resource("contract.example.com", "v1", "ledgers", "Ledger")
CRDS = Path(__file__).parent / "crds"
SECONDS = 30

Judge = Callable[[Object], Object]
"""From the request of an AdmissionReview to its response."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: urllib3.HTTPHeaderDict
    body: Any

    @property
    def warnings(self) -> list[str]:
        return list(self.headers.getlist("Warning"))

    @property
    def causes(self) -> list[tuple[str, str]]:
        """Reason and field of what a 422 lists."""
        return [(one["reason"], one["field"]) for one in self.body["details"].get("causes", ())]


@dataclass(frozen=True)
class Server:
    """An API server with a namespace of the test's own."""

    kubeconfig: Path
    namespace: str
    kube: Kube
    store: Store | None
    """The sandbox's; None: a real server."""
    authority: Path
    """A folder with a certificate for 127.0.0.1 and its key."""

    def ledger(self, name: str = "main", **spec: Any) -> Object:
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": LEDGER.api_version, "kind": LEDGER.kind, "metadata": metadata, "spec": spec}

    def path(self, name: str = "", resource: Resource = LEDGER) -> str:
        root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{resource.plural}/{name}".rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media_type: str = "application/json",
        more_headers: Any = None,
        **query: str,
    ) -> Reply:
        """One request as it is, with nothing of the adapter between."""
        typed: Any = config
        api: Any = typed.new_client_from_config(str(self.kubeconfig))
        headers = {**api.default_headers, "Content-Type": media_type, "Accept": "application/json"}
        headers |= {"Accept-Encoding": "gzip", **(more_headers or {})}
        for one in api.configuration.auth_settings().values():
            headers[one["key"]] = one["value"]
        url = f"{api.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body)
        answer = api.rest_client.pool_manager.request(method, url, headers=headers, body=data, timeout=SECONDS)
        try:
            return Reply(answer.status, answer.headers, json.loads(answer.data))
        except ValueError:
            return Reply(answer.status, answer.headers, answer.data.decode())

    def install(self) -> None:
        """The tests' own kind, which a sandbox has from the start; of an earlier run it may have another schema."""
        crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        crd = yaml.safe_load((CRDS / "ledgers.yaml").read_text())
        reply = self.ask("POST", crds, crd)
        assert reply.status in {201, 409}, reply.body
        if reply.status == 409:
            self._set_schema(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        self._until(lambda: self.ask("GET", f"/apis/{LEDGER.api_version}").status == 200)

    def clear(self) -> None:
        for resource in (LEDGER, kinds.CLUSTER, kinds.SECRET):
            self.ask("DELETE", self.path(resource=resource))
        self.ask("DELETE", f"/api/v1/namespaces/{self.namespace}")

    def compact(self) -> None:
        """A real server is old enough, as the README says."""
        if self.store is not None:
            self.store.compact()

    def plant(self, value: Object) -> None:
        """Store what the CRD no longer lets in, as a server has it whose CRD was looser once."""
        if self.store is not None:
            self.store.create(LEDGER, value, WriteOptions(checked=False))
            return
        loose: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        kept = self._set_schema(loose)
        try:
            self._until(lambda: self.ask("POST", self.path(), value).status == 201)
        finally:
            self._set_schema(kept)
            strict = self.ledger("strict", pages=0)
            self._until(lambda: self.ask("POST", self.path(), strict, dryRun="All").status == 422)

    def _set_schema(self, schema: Object) -> Object:
        """The schema of the CRD, replaced; the answer is the one before."""
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ledgers.{LEDGER.group}"
        before: Object = self.ask("GET", path).body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        place = "/spec/versions/0/schema/openAPIV3Schema"
        change = [{"op": "replace", "path": place, "value": schema}]
        assert self.ask("PATCH", path, change, media_type="application/json-patch+json").status == 200
        return before

    @contextmanager
    def webhook(self, judge: Judge, *, name: str = "books.contract.example.com") -> Iterator[None]:
        """While the block runs, this judges every write of a Ledger; an OSError: it cannot be called."""
        if self.store is not None:
            self.store.webhooks.append(Webhook(name, LEDGER, judge))
            yield
            self.store.webhooks.clear()
            return
        called = threading.Event()
        with _served(judge, called, self.authority) as url:
            configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
            made = self.ask("POST", configurations, self._configuration(name, url))
            assert made.status == 201, made.body
            try:
                self._until(lambda: self._is_asked(called, name))
                yield
            finally:
                self.ask("DELETE", f"{configurations}/{made.body['metadata']['name']}")

    def _configuration(self, name: str, url: str) -> Object:
        rule = {"apiGroups": [LEDGER.group], "apiVersions": ["v1"], "resources": [LEDGER.plural]}
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": f"contract-{uuid.uuid4().hex[:8]}"},
            "webhooks": [
                {
                    "name": name,
                    "clientConfig": {"url": url, "caBundle": _inline(self.authority / "cert")},
                    "rules": [{**rule, "operations": ["CREATE", "UPDATE", "DELETE"]}],
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "timeoutSeconds": 5,
                }
            ],
        }

    def _is_asked(self, called: threading.Event, name: str) -> bool:
        reply = self.ask("POST", self.path(), self.ledger("probe"), dryRun="All")
        return called.is_set() or name in str(reply.body.get("message"))

    def _until(self, holds: Callable[[], bool]) -> None:
        """A real server sees a changed CRD or webhook a moment later; each question takes it a moment, too."""
        for _ in range(1000):
            if holds():
                return
        raise AssertionError("the server has not seen the change after 1000 requests")


@contextmanager
def _served(judge: Judge, called: threading.Event, authority: Path) -> Iterator[str]:
    """The webhook over https; where it cannot be called, the address of nobody."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = review["request"]
            try:
                response = {**judge(request), "uid": request["uid"]}
            except OSError:
                self.close_connection = True
                return
            called.set()
            body = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing: stderr is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert", authority / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
