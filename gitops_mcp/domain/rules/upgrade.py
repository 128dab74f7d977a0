"""What another image means for the data that is there: its C library, its extensions, its slots.

Told by tags, as CloudNativePG's own images name what is in them; of a tag that says nothing nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.version import image_tag, major_of
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at
from gitops_mcp.domain.rules.image import CATALOGS, running_major, runs_upstream_image, wanted_image, wanted_major
from gitops_mcp.domain.rules.reading import as_text, cluster_of, entries, names_in, parameters_of, siblings
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_DISTRIBUTION = re.compile(r"(trixie|bookworm|bullseye|buster|forky|noble|jammy|focal|alpine|ubi|ubi[89]|el[89])[\d.]*")
_FLAVOURS = ("standard", "system")
"""Each has more than `minimal`; a tag without one of these words has what its maker says."""
_SEVENTEEN = re.compile(r"17(?:\.(\d+)|(?:beta|rc)\d+)?(?![\d.])")
_SLOTS_KEPT_SINCE, _VOLUMES_SINCE = 17, 18
_CONTRIB = frozenset(
    """
    amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw
    fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache
    pg_freespacemap pg_logicalinspect pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect
    pgcrypto pgrowlocks pgstattuple plpgsql postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows
    tsm_system_time unaccent uuid-ossp xml2
    """.split()  # noqa: SIM905 - as a list it takes a line for each
)
"""What comes with PostgreSQL itself."""
_GONE = {"adminpack": 17, "old_snapshot": 17}
_MORE = {"vector", "pgaudit"}
"""What the images that are not `minimal` have beside."""
_PRELOADED = ("pgaudit", "pg_failover_slots")
_SPATIAL = ("postgis", "address_standardizer")


def _image_flavour(seen: Seen) -> Iterator[Fault]:
    earlier, field = seen.earlier, _image_field(seen.object)
    if earlier is None:
        return
    was, old, new = _old_major(seen), wanted_image(earlier), wanted_image(seen)
    yield from _flavour_faults(field, old, new, is_major=None not in {was, _major(seen)} and was != _major(seen))


def _catalog_flavour(seen: Seen) -> Iterator[Fault]:
    old = {as_int(item.get("major")): item.get("image") for _, item in entries(seen.before, "spec", "images")}
    for path, item in entries(seen.object, "spec", "images"):
        yield from _flavour_faults(
            (*path, "image"), old.get(as_int(item.get("major"))), item.get("image"), is_major=False
        )


def _flavour_faults(field: Path, was: object, will: object, *, is_major: bool) -> Iterator[Fault]:
    old, new = _tag_words(was), _tag_words(will)
    before, after = (next(filter(_DISTRIBUTION.fullmatch, words), None) for words in (old, new))
    if before and after and before != after and is_major:
        text = f"goes from {before} to {after} with another major, which no upgrade does: keep {before}, and change the"
        yield Fault(field, f"{text} distribution in a change of its own, before or after")
    elif before and after and before != after:
        yield Fault(
            field,
            f"goes from {before} to {after}, whose C library may sort text otherwise: indexes on text then miss rows "
            f"until they are recreated (REINDEX, ALTER DATABASE ... REFRESH COLLATION VERSION); keep {before}",
            "warning",
        )
    elif new and is_major and bool(before) != bool(after):
        text = (
            f"says {before or after} on one side alone, and no upgrade goes across distributions: make sure that both"
        )
        yield Fault(field, f"{text} are the same", "warning")
    if old and new and (lost := [one for one in _FLAVOURS if one in old and one not in new]):
        text = f"goes from the {lost[0]} image to another kind, which may lack extensions that databases use: keep "
        yield Fault(field, f"{text}-{lost[0]}-", "warning")


def _tag_words(image: object) -> list[str]:
    return image_tag(image).partition("@")[0].split("-") if isinstance(image, str) else []


def _upgrade_slots(seen: Seen) -> Iterator[Fault]:
    """Fixed in 17.6: https://github.com/cloudnative-pg/cloudnative-pg/issues/7283."""
    was, key = _old_major(seen), "max_slot_wal_keep_size"
    stated = as_text(parameters_of(seen.object).get(key)).strip()
    target = _SEVENTEEN.match(image_tag(wanted_image(seen) or "")) if was and was < _major(seen) == 17 else None
    if stated in {"", "-1"} or target is None or (target[1] and int(target[1]) > 5):
        return
    text = f"is {stated}, with which no upgrade to 17.0 to 17.5 succeeds: set it to '-1' first, or take 17.6 or newer"
    field: Path = ("spec", "postgresql", "parameters", key)
    if target[0] == "17":
        yield Fault(field, f"{text} (which of them the tag is now, it does not say)", "warning")
    else:
        yield Fault(field, text)


def _upgrade_logical(seen: Seen) -> Iterator[Fault]:
    was, will = _old_major(seen), _major(seen)
    is_synchronized = at(seen.object, "spec", "replicationSlots", "highAvailability", "synchronizeLogicalDecoding")
    published = [str(at(one, "metadata", "name")) for one in _members(seen, "Publication")]
    if was is None or was >= will or not (published or is_synchronized is True):
        return
    kept = "pg_upgrade fails until subscribers have read all that their logical slots hold"
    lost = f"pg_upgrade takes logical slots along only from {_SLOTS_KEPT_SINCE} on: subscribers have to be recreated"
    whose = f" (Publication {', '.join(published)})" if published else ""
    yield Fault(_image_field(seen.object), f"{kept if was >= _SLOTS_KEPT_SINCE else lost}{whose}", "warning")


def _image_extensions(seen: Seen) -> Iterator[Fault]:
    """Of the databases' extensions those that another image, or a new Cluster's, has not."""
    if seen.earlier is not None and wanted_image(seen.earlier) == wanted_image(seen):
        return
    for database in _members(seen, "Database"):
        for _, item in entries(database, "spec", "extensions"):
            if why := _lack(seen, item):
                field = _image_field(seen.object)
                yield Fault(field, f"Database {at(database, 'metadata', 'name')}: {why}", "warning")


def _database_extensions(seen: Seen) -> Iterator[Fault]:
    known, cluster = names_in(seen.before, "spec", "extensions"), cluster_of(seen.object, seen.neighbours)
    around = Seen(cluster, neighbours=seen.neighbours) if cluster else None
    for path, item in entries(seen.object, "spec", "extensions"):
        if around and item.get("name") not in known and (why := _lack(around, item)):
            yield Fault((*path, "name"), why, "warning")


def _lack(cluster: Seen, item: Object) -> str | None:
    """Why an extension of a Database does not come with the image of its Cluster."""
    name, image = as_text(item.get("name")), wanted_image(cluster) or ""
    if item.get("ensure") == "absent" or not runs_upstream_image(cluster):
        return None
    if (gone := _GONE.get(name)) and _major(cluster) >= gone:
        return f"PostgreSQL {gone} took {name} away: state it with ensure: absent before the upgrade"
    mounted = {one.replace("-", "_").removeprefix("pg") for one in _mounted_names(cluster)}
    is_spatial = "/postgis" in image or "postgis" in mounted
    more = set() if "minimal" in _tag_words(image) else _MORE
    has = {*_CONTRIB, *_GONE, *more}
    if name in has or name.removeprefix("pg") in mounted or (is_spatial and name.startswith(_SPATIAL)):
        return None
    return f"{name} is not in {image}: an image that has it, or one of its own in spec.postgresql.extensions"


def _mounted_names(cluster: Seen) -> list[str]:
    return names_in(cluster.object, "spec", "postgresql", "extensions")


def _image_libraries(seen: Seen) -> Iterator[Fault]:
    wanted = {*map(str, list_at(seen.object, "spec", "postgresql", "shared_preload_libraries"))}
    wanted |= {key.partition(".")[0] for key in parameters_of(seen.object) if "." in key}
    if not runs_upstream_image(seen) or "minimal" not in _tag_words(wanted_image(seen)):
        return
    for library in _PRELOADED:
        if library in wanted and library not in {name.replace("-", "_") for name in _mounted_names(seen)}:
            text = f"has no {library}, which is loaded at the start, and PostgreSQL does not start without: take a"
            yield Fault(
                _image_field(seen.object), f"{text} standard image, or add {library} to spec.postgresql.extensions"
            )


def _extension_volumes(seen: Seen) -> Iterator[Fault]:
    """Tags as CloudNativePG's extension images have them: `0.8.1-18-trixie`."""
    major, place = _major(seen), ("spec", "postgresql", "extensions")
    own = next(filter(_DISTRIBUTION.fullmatch, _tag_words(wanted_image(seen))), None)
    for path, item in entries(seen.object, *place):
        words = _tag_words(at(item, "image", "reference"))
        other = next(filter(_DISTRIBUTION.fullmatch, words), None)
        index = words.index(other) if other else 0
        built = words[index - 1] if index else ""
        field = (*path, "image", "reference")
        if 0 < major < _VOLUMES_SINCE:
            yield Fault(
                path, f"PostgreSQL {major} finds no extension in a volume: {_VOLUMES_SINCE} or newer does", "warning"
            )
        if built.isdecimal() and len(built) == 2 and major and int(built) != major:
            text = f"is for PostgreSQL {built} by its tag, and {major} runs: the image for {major}, in the same change"
            yield Fault(field, text, "warning")
        if own and other and other != own:
            yield Fault(field, f"is for {other} by its tag, and the Cluster's image is {own}: one for {own}", "warning")


def _members(seen: Seen, kind: str) -> Iterator[Object]:
    """The objects of a kind that belong to the Cluster."""
    name = at(seen.object, "metadata", "name")
    itself: Object = {**seen.object, "spec": {"cluster": {"name": name}}}
    return siblings(itself, seen.neighbours, kind=kind)


def _old_major(seen: Seen) -> int | None:
    return None if seen.before is None else running_major(seen.live) or wanted_major(seen.before)


def _major(seen: Seen) -> int:
    """0 where nobody says one."""
    return wanted_major(seen.object) or major_of(wanted_image(seen)) or 0


def _image_field(cluster: Object) -> Path:
    is_listed = at(cluster, "spec", "imageCatalogRef") is not None
    return ("spec", "imageCatalogRef", "major") if is_listed else ("spec", "imageName")


_ONE = ("Cluster",)

RULES = (
    Rule("image-flavour", _ONE, "server", _image_flavour, compares=True, ours=True),
    Rule("catalog-flavour", CATALOGS, "server", _catalog_flavour, compares=True, ours=True),
    Rule("upgrade-slots", _ONE, "operator", _upgrade_slots, compares=True),
    Rule("upgrade-logical", _ONE, "operator", _upgrade_logical, compares=True),
    Rule("image-extensions", _ONE, "operator", _image_extensions, compares=True),
    Rule("database-extensions", ("Database",), "operator", _database_extensions, compares=True),
    Rule("image-libraries", _ONE, "operator", _image_libraries),
    Rule("extension-volumes", _ONE, "operator", _extension_volumes),
)
