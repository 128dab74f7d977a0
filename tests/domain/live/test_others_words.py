from __future__ import annotations

from gitops_mcp.domain.live.others_words import without_others_words

TIP = "a" * 40


def test_what_an_engine_says_of_others_is_left_out() -> None:
    rows = [{"kind": "Cluster", "name": one, "namespace": one, "message": f"{one} failed"} for one in ("shop", "bank")]
    application = {
        "metadata": {"name": "apps", "namespace": "argocd"},
        "status": {
            "sync": {"status": "OutOfSync", "revision": TIP},
            "resources": rows,
            "operationState": {
                "phase": "Failed",
                "message": f"Cluster bank/bank is invalid [{TIP}]. Retrying attempt #2 for bank",
                "syncResult": {"resources": rows},
            },
            "conditions": [{"type": "SyncError", "message": "bank is broken"}],
        },
    }
    left = "(the rest may be about what you may not see)"
    own = [{"kind": "Cluster", "name": "shop", "namespace": "shop", "message": left}]
    found = without_others_words(application, ("shop",))
    assert found["metadata"] == application["metadata"]
    assert found["status"] == {
        "sync": {"status": "OutOfSync", "revision": TIP},
        "resources": own,
        "operationState": {"phase": "Failed", "message": f"[{TIP}] Retrying {left}", "syncResult": {"resources": own}},
        "conditions": [{"type": "SyncError", "message": left}],
    }
    assert "bank" not in str(found)
    assert without_others_words({"spec": {}}, ()) == {"spec": {}}
