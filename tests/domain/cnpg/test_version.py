from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.version import Version, major_of, parse_postgres_version
from gitops_mcp.errors import InvalidRequest

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "version", "tag"),
    [
        pytest.param("18", Version(18, None), "18-standard-trixie", id="a major"),
        pytest.param("13", Version(13, None), "13-standard-trixie", id="the oldest"),
        pytest.param("19", Version(19, None), "19-standard-trixie", id="newer than this code"),
        pytest.param("17.5", Version(17, "17.5"), "17.5", id="a minor"),
        pytest.param("18.4-system-trixie", Version(18, "18.4-system-trixie"), "18.4-system-trixie", id="a full tag"),
        pytest.param("19beta1-minimal", Version(19, "19beta1-minimal"), "19beta1-minimal", id="a beta"),
        pytest.param(f"18@{DIGEST}", Version(18, f"18@{DIGEST}"), f"18@{DIGEST}", id="pinned by digest"),
    ],
)
def test_a_major_or_a_tag_that_starts_with_one(text: str, version: Version, tag: str) -> None:
    assert parse_postgres_version(text) == version
    assert version.default_tag == tag


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("latest", "moves", id="latest"),
        pytest.param(DIGEST, "a digest alone", id="digest only"),
        pytest.param(f"@{DIGEST}", "a digest alone", id="digest only with @"),
        pytest.param("registry.example/pg:18", "is an image; give only its tag", id="an image"),
        pytest.param("trixie-18", "is not a version", id="starts with something else"),
        pytest.param("180", "is not a version", id="no such major"),
        pytest.param("18@sha256:12", "is not a version", id="short digest"),
        pytest.param("", "is not a version", id="nothing"),
        pytest.param("-18", "is not a version", id="minus"),
        pytest.param("18 ", "is not a version", id="space"),
        pytest.param("18\n", "is not a version", id="newline"),
        pytest.param("9.6", "is not a version", id="before 10"),
        pytest.param("12", "PostgreSQL 12 cannot be run by CloudNativePG: from 13 to 18", id="too old"),
        pytest.param("18-" + "x" * 200, "is not a version", id="too long"),
    ],
)
def test_what_the_operator_could_not_run_is_refused_with_what_works(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^postgres_version: .*{message}.*such as '18'"):
        parse_postgres_version(text)


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("registry.example:5000/cloudnative-pg/postgresql:18.4-system-trixie", 18),
        ("postgresql:17@sha256:abc", 17),
        ("16-minimal", 16),
        ("pg:17beta1", 17),
        ("pg:13.3.2.1-1", 13),
        ("pg:18.4.", 18),
        ("pg:180", 180),
        ("pg@sha256:18ab", None),
        ("pg:18.", None),
        ("pg:18..4", None),
        ("pg:18.x", None),
        ("pg:v18", None),
        ("pg:\u0661\u0668", None),
        ("pg:" + "9" * 40, None),
        ("registry.example:5000/postgresql", None),
        ("postgresql:latest", None),
        (None, None),
    ],
)
def test_the_major_of_an_image_is_read_from_its_tag(image: object, major: int | None) -> None:
    assert major_of(image) == major
