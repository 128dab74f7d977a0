"""Lists of a size that real environments have: compressed, in chunks, by pages, and cut off by compaction."""

from __future__ import annotations

import base64
import json

import pytest

from gitops_mcp.adapters.kube.answers import CursorExpired
from tests.adapters.kube.contract.server import LEDGER, Server

OBJECTS, NOTE = 45, 7_000


@pytest.fixture
def full(server: Server) -> Server:
    """As many objects, of such a size, that their list is well above 128 KiB, from where a real server compresses."""
    for number in range(OBJECTS):
        reply = server.ask("POST", server.path(), server.ledger(f"book-{number:02}", note="x" * NOTE))
        assert reply.status == 201, reply.body
    return server


def test_a_long_list_comes_compressed_in_chunks_and_is_read_whole(full: Server) -> None:
    reply = full.ask("GET", full.path())
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers.get("Transfer-Encoding") == "chunked"
    found = full.kube.every(LEDGER, full.namespace)
    assert [one["metadata"]["name"] for one in found] == [f"book-{number:02}" for number in range(OBJECTS)]
    assert {len(one["spec"]["note"]) for one in found} == {NOTE}


def test_pages_follow_each_other_without_a_gap_while_objects_come_and_go(full: Server) -> None:
    first = full.kube.page(LEDGER, full.namespace, limit=20)
    assert (len(first.items), first.remaining) == (20, OBJECTS - 20)
    full.kube.delete(LEDGER, full.namespace, "book-30")
    full.kube.create(LEDGER, full.ledger("book-31b"))
    names = [one["metadata"]["name"] for one in first.items]
    cursor = first.cursor
    while cursor:
        page = full.kube.page(LEDGER, full.namespace, limit=20, cursor=cursor)
        names += [one["metadata"]["name"] for one in page.items]
        cursor = page.cursor
    assert names == [f"book-{number:02}" for number in range(OBJECTS)]


def test_a_cursor_whose_version_is_gone_is_expired(full: Server) -> None:
    """Version 1 is of the server's first moment, which the compaction of etcd (every five minutes) has taken."""
    full.compact()
    start = f"{full.namespace}/book-10\0" if full.store else "book-10\0"
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": 1, "start": start})
    cursor = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    with pytest.raises(CursorExpired, match="410, the cursor has expired"):
        full.kube.page(LEDGER, full.namespace, limit=5, cursor=cursor)
    reply = full.ask("GET", full.path(), limit="5", **{"continue": cursor})
    assert (reply.status, reply.body["reason"]) == (410, "Expired")
    assert reply.body["metadata"]["continue"]
