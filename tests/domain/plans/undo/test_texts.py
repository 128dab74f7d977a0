from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.undo.texts import text_without
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

RELEASE = "kind: HelmRelease\nmetadata: {name: db}\nspec:\n  interval: 1h\n  values:\n    instances: 3 # small\n"
NESTED = "kind: Application\nmetadata: {name: db}\nspec:\n  values: |\n    instances: 3\n    size: 1Gi\n"
PATCH = "- {op: replace, path: /spec/instances, value: 3}\n- {op: add, path: /spec/a, value: 1}\n"
LISTED = "resources:\n  - one.yaml\n"
TWO = "kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}\nspec: 1\n"


@pytest.mark.parametrize(
    ("before", "after", "now", "left"),
    [
        pytest.param(
            RELEASE,
            RELEASE.replace("3", "5"),
            RELEASE.replace("3", "5").replace("1h", "2h") + "# Later\n",
            RELEASE.replace("1h", "2h") + "# Later\n",
            id="another field has changed since",
        ),
        pytest.param(
            NESTED,
            NESTED.replace("3", "5"),
            NESTED.replace("1Gi", "2Gi"),
            NESTED.replace("1Gi", "2Gi"),
            id="a text that is YAML, in which it is set back already",
        ),
        pytest.param(
            PATCH,
            PATCH.replace("3", "5"),
            f"# Later\n{PATCH.replace('3', '5')}",
            f"# Later\n{PATCH}",
            id="a patch of JSON",
        ),
        pytest.param(
            LISTED,
            f"{LISTED}  - two.yaml\n",
            f"{LISTED}  - two.yaml\n  - three.yaml\n",
            f"{LISTED}  - three.yaml\n",
            id="a list that has grown since",
        ),
        pytest.param(
            "kind: A\n", "kind: A\nspec: 1\n", "# Later\nkind: A\nspec: 1\n", "# Later\nkind: A\n", id="a field"
        ),
        pytest.param(
            TWO.partition("---\n")[2],
            TWO,
            TWO.replace("spec: 1", "spec: 2"),
            "---\nkind: B\nmetadata: {name: b}\nspec: 2\n",
            id="a document that was added",
        ),
        pytest.param(
            TWO,
            TWO.partition("---\n")[2],
            "kind: B\nmetadata: {name: b}\nspec: 2\n",
            "kind: B\nmetadata: {name: b}\nspec: 2\n---\nkind: A\nmetadata:\n  name: a\n",
            id="a document that was removed",
        ),
        pytest.param(None, LISTED, f"# Later\n{LISTED}", None, id="a file that was new"),
    ],
)
def test_what_came_later_stays(before: str | None, after: str, now: str, left: str | None) -> None:
    assert text_without(FileChange("x.yaml", before, after), now) == left


@pytest.mark.parametrize(
    ("before", "after", "now", "told"),
    [
        pytest.param(
            RELEASE,
            RELEASE.replace("3", "5"),
            RELEASE.replace("3", "7"),
            r"since \(HelmRelease db spec\.values\.instances\)",
            id="the same field",
        ),
        pytest.param(
            NESTED,
            NESTED.replace("3", "5"),
            NESTED.replace("3", "5").replace("1Gi", "2Gi"),
            r"since \(Application db spec\.values\)",
            id="beside it in a text",
        ),
        pytest.param(
            None, LISTED, f"{LISTED}  - two.yaml\n", "has changed since", id="a file that was new and has grown"
        ),
        pytest.param(LISTED, f"{LISTED}  - two.yaml\n", None, "has changed since", id="a file that is gone"),
        pytest.param(LISTED, None, LISTED, "has changed since", id="a file that is there again"),
        pytest.param(
            TWO, TWO.replace("1", "2"), "kind: A\nmetadata: {name: a}\n", "has changed since", id="it is gone"
        ),
        pytest.param("one\n", "two\n", "two\nthree\n", "has changed since", id="no manifest"),
        pytest.param("a: 1\n", "a: 2\n", "a: [\n", "has changed since", id="what does not parse"),
    ],
)
def test_what_changed_in_the_same_place_is_refused(
    before: str | None, after: str | None, now: str | None, told: str
) -> None:
    with pytest.raises(Refused, match=told):
        text_without(FileChange("x.yaml", before, after), now)
