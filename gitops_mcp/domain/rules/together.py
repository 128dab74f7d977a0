"""Changes that are fine one after the other and not in one commit."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.releases import ALL, Releases, release_text
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.rules.annotation import RESTARTED
from gitops_mcp.domain.rules.reading import annotations_of, parameters_of
from gitops_mcp.domain.rules.rollout import added_volumes, changed_parameters, grown_volumes, pod_fields
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

RESIZE_SAFE = Releases(((1, 28, 3), (1, 29, 1), (1, 30, 0)))
"""Those that have https://github.com/cloudnative-pg/cloudnative-pg/pull/10427."""
_WITH_ANY_METHOD = Releases(until=((1, 28, 0),))


def _image_and_parameters(seen: Seen) -> Iterator[Fault]:
    if seen.old is None:
        return
    image, catalog = (at(seen.object, "spec", name) for name in ("imageName", "imageCatalogRef"))
    # To the webhook an image that a catalog takes the place of has changed too.
    if (image is None and catalog is None) or image == at(seen.old, "spec", "imageName"):
        return
    changed = ", ".join(_changing_parameters(seen))
    if not changed:
        return
    is_switchover = at(seen.object, "spec", "primaryUpdateMethod") == "switchover"
    by = "primaryUpdateMethod 'switchover' excludes" if is_switchover else "operators before 1.28.0 exclude"
    yield Fault(
        ("spec", "imageName" if image is not None else "imageCatalogRef"),
        f"changes together with parameters ({changed}), which {by}: the parameters in one change, and the image in the "
        f"next once that is applied",
        holds=ALL if is_switchover else _WITH_ANY_METHOD,
    )


def _changing_parameters(seen: Seen) -> list[str]:
    """What the API would see change. It has defaults where Git is silent, so only what Git says or drops counts."""
    if seen.live is None:
        return list(changed_parameters(seen.before, seen.object))
    new, live, before = parameters_of(seen.object), parameters_of(seen.live), parameters_of(seen.before)
    stated = {key for key, value in new.items() if str(value) != str(live.get(key))}
    return sorted(stated | {key for key in before if key not in new and key in live})


def _resize_alone(seen: Seen) -> Iterator[Fault]:
    if seen.before is None:
        return
    volumes = grown_volumes(seen.before, seen.object)
    restarts = (*pod_fields(seen.before, seen.object), *added_volumes(seen.before, seen.object))
    for image in ("imageName", "imageCatalogRef"):
        if at(seen.before, "spec", image) != at(seen.object, "spec", image):
            restarts = (*restarts, f"spec.{image}")
    asked = annotations_of(seen.object).get(RESTARTED)
    if asked is not None and asked != annotations_of(seen.before).get(RESTARTED):
        restarts = (*restarts, f"metadata.annotations {RESTARTED}")
    if not volumes or not restarts:
        return
    what = f"{' and '.join(volumes)} grows together with {', '.join(restarts)}, which makes the pods anew"
    if seen.operator is not None and RESIZE_SAFE.hold(seen.operator):
        yield Fault(("spec",), f"{what}: one after the other is easier to follow and to take back", "warning")
        return
    known = (
        f"operator {release_text(seen.operator)}" if seen.operator is not None else "the operator, of unknown version,"
    )
    yield Fault(
        ("spec",),
        f"{what}: {known} may wait for ever for a pod that waits for its volume. Resize in one change, and make the "
        f"other one once get_cluster_status shows the new size",
    )


RULES = (
    Rule(
        "image-and-parameters",
        ("Cluster",),
        "webhook validateConfigurationChange",
        _image_and_parameters,
        compares=True,
    ),
    Rule("resize-alone", ("Cluster",), "operator", _resize_alone, compares=True, ours=True, reads_variables=True),
)
