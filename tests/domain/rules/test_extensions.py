from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import NEWEST, Accepted, Refused, cluster, findings_against, findings_at_field, listed


def extension(operator: Release | None = NEWEST, /, **given: Any) -> Seen:
    item = {"name": "postgis", "image": {"reference": "example/p:3"}, **given}
    return Seen(cluster(postgresql={"extensions": [item]}), operator=operator)


def variable(name: str = "DATA", value: str = "${image_root}/share") -> Seen:
    return extension(env=[{"name": name, "value": value}])


ACCEPTED = [
    pytest.param(
        Accepted("extension-paths", extension(bin_path=["bin", "a/../b"], ld_library_path=["/lib", "system"])),
        id="folders of the image",
    ),
    pytest.param(
        Accepted("extension-paths", extension(bin_path=["/../bin"])), id="what only later releases find leading out"
    ),
    pytest.param(
        Accepted("extension-paths", extension((1, 28, 4), ld_library_path=["", "../lib"])),
        id="folders at which an older operator does not look",
    ),
    pytest.param(Accepted("extension-env", variable()), id="the image's root"),
    pytest.param(Accepted("extension-env", variable(value="$${other}")), id="a text with a dollar"),
    pytest.param(
        Accepted(
            "extensions",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]})),
        ),
        id="an extension",
    ),
    pytest.param(
        Accepted(
            "extension-images",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]})),
        ),
        id="an extension with its image",
    ),
    pytest.param(
        Accepted(
            "extension-images",
            Seen(
                {**listed(), "spec": {**listed()["spec"], "postgresql": {"extensions": [{"name": "postgis"}]}}},
                operator=(1, 29, 0),
            ),
        ),
        id="an extension with a catalog",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused(
                "extension-paths", extension(**{field: paths}), f"spec.postgresql.extensions[0].{field}[{at}]", says
            ),
            id=f"{field} {paths}",
        )
        for field, paths, at, says in (
            ("bin_path", ["bin", ""], 1, "is empty"),
            ("ld_library_path", ["lib", "lib"], 1, "each folder once"),
            ("dynamic_library_path", ["../lib"], 0, "leads out of the image"),
            ("extension_control_path", ["a/../../b"], 0, "leads out of the image"),
            ("bin_path", ["..data"], 0, "leads out of the image"),
        )
    ),
    pytest.param(
        Refused(
            "extension-paths",
            extension((1, 31, 0), bin_path=["/../bin"]),
            "spec.postgresql.extensions[0].bin_path[0]",
            "leads out of the image",
        ),
        id="out by the root",
    ),
    *(
        pytest.param(
            Refused("extension-env", variable(**given), f"spec.postgresql.extensions[0].env[0].{field}", says),
            id=f"the variable {given}",
        )
        for given, field, says in (
            ({"name": "PGDATA"}, "name", "the operator's own"),
            ({"name": "PATH"}, "name", "state bin_path"),
            ({"name": "LD_LIBRARY_PATH"}, "name", "state ld_library_path"),
            ({"value": "${other}/x"}, "value", r"^\$\{other\} is not a placeholder; there is \$\{image_root\}"),
            ({"value": "$$${other}"}, "value", "is not a placeholder"),
        )
    ),
    pytest.param(
        Refused(
            "extension-env",
            extension(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
            "spec.postgresql.extensions[0].env[1].name",
            "each once",
        ),
        id="a variable twice",
    ),
    pytest.param(
        Refused("extensions", extension(name=""), "spec.postgresql.extensions[0].name", "is needed"),
        id="an extension without a name",
    ),
    pytest.param(
        Refused(
            "extension-images",
            Seen(
                {**listed(), "spec": {**listed()["spec"], "postgresql": {"extensions": [{"name": "postgis"}]}}},
                operator=(1, 28, 4),
            ),
            "spec.postgresql.extensions[0].image",
            "beside an image catalog too",
        ),
        id="an extension with a catalog, of an older operator",
    ),
    pytest.param(
        Refused(
            "extensions",
            Seen(
                cluster(
                    postgresql={
                        "extensions": [{"name": one, "image": {"reference": "x:1"}} for one in ("pg_ivm", "pg-ivm")]
                    }
                )
            ),
            "spec.postgresql.extensions[1].name",
            "'_' and '-'",
        ),
        id="names that differ in '_' and '-' only",
    ),
    pytest.param(
        Refused(
            "extension-images",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis"}]})),
            "spec.postgresql.extensions[0].image",
            "needs a reference",
        ),
        id="an extension without an image",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_extensions_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_extension_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
