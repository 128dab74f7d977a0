"""Requests as somebody else, as kubeconfig's `as` and `as-groups` ask for them."""

from __future__ import annotations

from tests.adapters.kube.contract.server import Server


def test_the_rights_of_the_impersonated_user_count_and_not_those_of_the_login(server: Server) -> None:
    reply = server.ask("GET", server.path(), more_headers={"Impersonate-User": "jane"})
    assert (reply.status, reply.body["reason"]) == (403, "Forbidden")
    assert reply.body["message"] == (
        'ledgers.contract.example.com is forbidden: User "jane" cannot list resource "ledgers" in API group '
        f'"contract.example.com" in the namespace "{server.namespace}"'
    )


def test_groups_are_impersonated_with_the_user(server: Server) -> None:
    masters = {"Impersonate-User": "jane", "Impersonate-Group": "system:masters"}
    assert server.ask("GET", server.path(), more_headers=masters).status == 200
