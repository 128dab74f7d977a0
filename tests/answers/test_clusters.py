from __future__ import annotations

from gitops_mcp.answers.cluster_parts import ConditionRow
from gitops_mcp.answers.clusters import ClusterList, ClusterRow
from gitops_mcp.domain.notice import Notice
from tests.answers.rendering import shown


def test_a_list_of_clusters_is_a_table_and_its_details_a_list() -> None:
    condition = ConditionRow(type="Ready", status="False", reason="Broken", since="2 days")
    rows = [
        ClusterRow(
            namespace="shop",
            name="db",
            instances=3,
            ready=2,
            phase="Failing over",
            phase_class="degraded",
            conditions=[condition],
            backups="archived by nothing",
            declared="db.yaml:1",
        ),
        ClusterRow(name="other", live="unavailable"),
    ]
    warning = Notice("forbidden", "only namespace shop is listed")
    answer = ClusterList(environment="dev", items=rows, total=7, cursor="abc", warnings=[warning])
    assert shown(answer) == [
        ("paragraph", ["2 of 7 clusters shown in dev"]),
        ("heading", ["Warnings"]),
        ("bullet_list", ["forbidden: only namespace shop is listed"]),
        ("heading", ["Clusters"]),
        (
            "table",
            [
                *("namespace/name", "ready", "phase", "findings", "primary", "image", "storage"),
                *("shop/db", "2/3", "Failing over (degraded)", "", "", "", ""),
                *("?/other", "?/?", "unavailable", "", "", "", ""),
            ],
        ),
        (
            "bullet_list",
            ["shop/db: conditions: Ready=False (Broken, 2 days); backups: archived by nothing; declared: db.yaml:1"],
        ),
        ("paragraph", ["there are more: continue with cursor=abc"]),
    ]
