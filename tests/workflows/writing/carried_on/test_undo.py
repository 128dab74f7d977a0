from __future__ import annotations

from textwrap import indent
from typing import Any

import pytest

from gitops_mcp.errors import Refused, Unavailable
from gitops_mcp.sandbox.sealed_secrets import KeyPair
from tests.workflows.conftest import cluster
from tests.workflows.writing.carried_on.conftest import House

ON = {"cluster_name": "db", "namespace": "shop", "environment": "prod"}
DB = {"name": "db", "namespace": "shop", "environment": "prod"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "scale": ("scale_postgres_cluster", {**DB, "instances": 5}),
    "parameter": ("update_postgres_cluster", {**DB, "parameters": {"work_mem": "8MB"}}),
    "image": ("update_postgres_cluster", {**DB, "postgres_version": "17.6-standard-trixie"}),
    "role": ("create_postgres_role", {**ON, "role_name": "clerk", "password_source": "none"}),
    "update of a role": ("update_postgres_role", {**ON, "role_name": "old", "connection_limit": 7, "comment": "x"}),
    "delete of a role": ("delete_postgres_role", {**ON, "role_name": "old", "drop": False}),
    "delete of the first role": ("delete_postgres_role", {**ON, "role_name": "first", "drop": False}),
    "migration of roles": ("migrate_postgres_roles", dict(ON)),
    "database": ("create_postgres_database", {**ON, "database_name": "one", "owner": "app"}),
    "delete of a database": ("delete_postgres_database", {**ON, "database_name": "kept"}),
    "cluster": ("create_postgres_cluster", {**DB, "name": "added", "postgres_version": "18.4-standard-trixie"}),
    "delete of a cluster": ("delete_postgres_cluster", {**DB, "confirm_deletion": True}),
}
ROLES = "\n  managed: {roles: [{name: first, ensure: present}, {name: old, ensure: present, comment: of old}]}"
KEPT = """\
# Kept for the auditors.
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: db-kept
spec:
  cluster: {name: db}
  name: kept
  owner: app
"""
HOW = ["merge", "squash", "rebase", "fast-forward"]
QUICK = {"scale", "migration of roles", "delete of a database"}
"""One with a field, one with a list and new files, one whose file comes back; the others show one more form."""
EVERY = [pytest.param(kind, marks=() if kind in QUICK else pytest.mark.thorough) for kind in KINDS]


@pytest.fixture
def furnished(house: House) -> House:
    text = house.file("main", "prod/shop/db.yaml")
    listed = house.file("main", "prod/shop/kustomization.yaml")
    house.commit(
        {
            "prod/shop/db.yaml": text + ROLES + "\n",
            "prod/shop/kept.yaml": KEPT,
            "prod/shop/other.yaml": cluster("other", None),
            "prod/shop/kustomization.yaml": f"{listed}\n  - kept.yaml\n  - other.yaml\n",
        }
    )
    return house


@pytest.mark.parametrize("how", [HOW[0], *(pytest.param(one, marks=pytest.mark.thorough) for one in HOW[1:])])
@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.few(1)
def test_what_a_merged_change_did_is_taken_back(furnished: House, kind: str, how: str) -> None:
    tool, arguments = KINDS[kind]
    before, tree = furnished.objects(), furnished.git("remote.git", "rev-parse", "main:prod")
    made = furnished.ask(tool, **arguments)
    assert furnished.objects(f"gitops-mcp/{made.change}") != before
    furnished.merge(str(made.change), how)
    assert furnished.objects() != before
    undone = furnished.ask("undo_change", change=made.change, confirm_deletion=True)
    assert (undone.outcome, undone.change) == ("committed", f"undo-{made.change}")
    furnished.merge(str(undone.change), how)
    assert furnished.objects() == before
    assert furnished.git("remote.git", "rev-parse", "main:prod") == tree
    with pytest.raises(Refused, match="is taken back already"):
        furnished.ask("undo_change", change=made.change, confirm_deletion=True)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.few(1)
def test_it_is_taken_back_at_todays_places(furnished: House, kind: str) -> None:
    """The folder has moved and every file has other lines since."""
    tool, arguments = KINDS[kind]
    before = furnished.objects()
    made = furnished.ask(tool, **arguments)
    furnished.merge(str(made.change))
    names = furnished.git("remote.git", "ls-tree", "-r", "--name-only", "main", "prod/").splitlines()
    moved = {f"live/{name.removeprefix('prod/')}": f"# Moved\n{furnished.file('main', name)}\n" for name in names}
    settings = furnished.file("main", ".gitops-mcp.yaml").replace("path: prod", "path: live")
    furnished.commit({**moved, **dict.fromkeys(names, None), ".gitops-mcp.yaml": settings})
    undone = furnished.ask("undo_change", change=made.change, confirm_deletion=True)
    furnished.merge(str(undone.change))
    assert furnished.objects() == before


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("update_postgres_cluster", {"storage_size": "20Gi"}, "10Gi is less than 20Gi, and volumes do not shrink"),
        ("update_postgres_cluster", {"postgres_version": "18.4-standard-trixie", "confirm_deletion": True}, "17"),
    ],
)
@pytest.mark.few(1)
def test_what_cannot_be_is_refused_with_the_reason(
    furnished: House, tool: str, arguments: dict[str, Any], told: str
) -> None:
    made = furnished.ask(tool, **DB, **arguments)
    furnished.merge(str(made.change))
    before = furnished.refs()
    with pytest.raises(Refused, match=told):
        furnished.ask("undo_change", change=made.change, confirm_deletion=True)
    assert furnished.refs() == before


def test_later_changes_of_the_same_are_named(furnished: House) -> None:
    made = furnished.ask("scale_postgres_cluster", **DB, instances=5)
    furnished.merge(str(made.change))
    later = furnished.ask("scale_postgres_cluster", **DB, instances=7)
    furnished.merge(str(later.change))
    with pytest.raises(Refused, match=r"later changes touched the same: Cluster shop/db spec\.instances"):
        furnished.ask("undo_change", change=made.change)


def test_what_came_later_beside_it_stays(furnished: House) -> None:
    made = furnished.ask("create_postgres_database", database_name="one", owner="app", **ON)
    furnished.merge(str(made.change))
    later = furnished.ask("create_postgres_database", database_name="two", owner="app", **ON)
    furnished.merge(str(later.change))
    undone = furnished.ask("undo_change", change=made.change)
    furnished.merge(str(undone.change))
    assert {one.name for one in furnished.objects() if one.kind == "Database"} == {"db-two", "db-kept"}


def test_of_an_open_change_the_last_commit_is_taken_back(furnished: House) -> None:
    furnished.ask("scale_postgres_cluster", **DB, instances=5, change="mine")
    furnished.ask("create_postgres_database", database_name="one", owner="app", change="mine", **ON)
    undone = furnished.ask("undo_change", change="mine")
    assert (undone.outcome, undone.change) == ("committed", "mine")
    assert furnished.git("remote.git", "diff", "--name-only", "main", "gitops-mcp/mine") == "prod/shop/db.yaml"
    furnished.commit({"note": "x"})
    assert furnished.ask("refresh_change", change="mine").outcome == "committed"
    assert furnished.git("remote.git", "diff", "--name-only", "main", "gitops-mcp/mine") == "prod/shop/db.yaml"


def test_what_altered_nothing_leaves_nothing_to_take_back(furnished: House) -> None:
    furnished.ask("scale_postgres_cluster", **DB, instances=5, change="mine")
    furnished.commit({}, branch="gitops-mcp/mine", message="Run the checks again")
    assert furnished.ask("undo_change", change="mine").outcome == "unchanged"
    text = f"{furnished.file('main', 'prod/shop/db.yaml')}\n"
    furnished.commit({"prod/shop/db.yaml": text}, branch="gitops-mcp/mine")
    furnished.merge("mine")
    assert furnished.ask("undo_change", change="mine").outcome == "unchanged"


@pytest.mark.thorough
def test_a_change_that_undoes_is_refreshed_as_well(furnished: House) -> None:
    made = furnished.ask("scale_postgres_cluster", **DB, instances=5)
    furnished.merge(str(made.change))
    undone = furnished.ask("undo_change", change=made.change)
    again = furnished.ask("undo_change", change=made.change)
    assert (again.outcome, again.change) == ("unchanged", undone.change)
    furnished.commit({"note": "x"})
    assert furnished.ask("refresh_change", change=undone.change).outcome == "committed"
    furnished.merge(str(undone.change))
    back = furnished.ask("undo_change", change=undone.change)
    furnished.merge(str(back.change))
    assert "instances: 5" in furnished.file("main", "prod/shop/db.yaml")


def test_what_is_merged_in_part_is_refused(furnished: House) -> None:
    first = furnished.ask("scale_postgres_cluster", **DB, instances=5, change="mine")
    furnished.ask("create_postgres_database", database_name="one", owner="app", change="mine", **ON)
    furnished.commit({"note": "x"})
    furnished.git("author", "fetch", "--quiet")
    furnished.git("author", "cherry-pick", str(first.commit))
    furnished.git("author", "push", "--quiet", "origin", "main")
    with pytest.raises(Refused, match="is merged in part"):
        furnished.ask("undo_change", change="mine")


def test_a_loss_needs_a_persons_word(furnished: House) -> None:
    made = furnished.ask("create_postgres_cluster", **{**DB, "name": "added"}, postgres_version="18.4-standard-trixie")
    furnished.merge(str(made.change))
    with pytest.raises(Refused, match="deleting Cluster shop/added deletes its pods and PVCs with all data"):
        furnished.ask("undo_change", change=made.change)


@pytest.mark.thorough
def test_of_a_refreshed_change_the_last_request_is_taken_back(furnished: House) -> None:
    furnished.ask("scale_postgres_cluster", **DB, instances=5, change="mine")
    furnished.ask("create_postgres_database", database_name="one", owner="app", change="mine", **ON)
    for number in range(2):
        furnished.commit({f"note-{number}": "x"})
        furnished.ask("refresh_change", change="mine")
    furnished.ask("undo_change", change="mine")
    furnished.commit({"note-2": "x"})
    furnished.ask("refresh_change", change="mine")
    assert furnished.git("remote.git", "diff", "--name-only", "main", "gitops-mcp/mine") == "prod/shop/db.yaml"
    furnished.ask("undo_change", change="mine")
    assert "prod/shop/one.yaml" in furnished.git("remote.git", "ls-tree", "-r", "--name-only", "gitops-mcp/mine")


@pytest.mark.thorough
def test_a_password_goes_with_its_role_though_the_list_of_files_has_grown(furnished: House) -> None:
    settings = furnished.file("main", ".gitops-mcp.yaml")
    furnished.commit({".gitops-mcp.yaml": f"{settings}\npasswords: {{provider: external-secrets}}\n"})
    files = furnished.git("remote.git", "ls-tree", "-r", "--name-only", "main")
    made = furnished.ask("create_postgres_role", role_name="clerk", **ON)
    assert any("secret" in one.path for one in made.files)
    furnished.merge(str(made.change))
    later = furnished.ask("create_postgres_database", database_name="two", owner="app", **ON)
    furnished.merge(str(later.change))
    undone = furnished.ask("undo_change", change=made.change)
    furnished.merge(str(undone.change))
    left = furnished.git("remote.git", "ls-tree", "-r", "--name-only", "main")
    assert sorted({*left.splitlines()} - {*files.splitlines()}) == ["prod/shop/two.yaml"]
    assert "secret" not in furnished.file("main", "prod/shop/kustomization.yaml")


def test_a_file_that_holds_more_and_has_changed_is_named(furnished: House) -> None:
    furnished.commit({"prod/shop/notes.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n}\n"})
    furnished.commit(
        {"prod/shop/notes.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"},
        branch="gitops-mcp/notes",
        start="main",
    )
    furnished.merge("notes")
    furnished.commit({"prod/shop/notes.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o}\n"})
    with pytest.raises(Refused, match=r"prod/shop/notes\.yaml has changed since"):
        furnished.ask("undo_change", change="notes")


@pytest.mark.parametrize("later", [False, True], ids=["as it was left", "with later comments"])
@pytest.mark.few(1)
def test_what_a_change_did_in_several_environments_is_taken_back_together(house: House, later: bool) -> None:
    before = {name: house.objects("main", name) for name in ("prod", "staging")}
    house.ask("scale_postgres_cluster", **DB, instances=5, change="mine")
    house.ask("scale_postgres_cluster", name="db-staging", environment="staging", instances=4, change="mine")
    house.merge("mine")
    if later:
        house.commit({"staging/all.yaml": f"{house.file('main', 'staging/all.yaml')}\n# Later\n"})
    undone = house.ask("undo_change", change="mine")
    house.merge(str(undone.change))
    assert {name: house.objects("main", name) for name in before} == before
    assert house.file("main", "staging/all.yaml").endswith("# Later") == later


@pytest.mark.thorough
def test_what_two_environments_build_of_one_folder_is_taken_back(house: House) -> None:
    settings = house.file("main", ".gitops-mcp.yaml").replace("path: staging", "path: prod")
    house.commit({".gitops-mcp.yaml": settings})
    before = house.objects()
    made = house.ask("scale_postgres_cluster", **DB, instances=5)
    house.merge(str(made.change))
    undone = house.ask("undo_change", change=made.change)
    house.merge(str(undone.change))
    assert house.objects() == before


@pytest.mark.thorough
def test_a_base_that_two_environments_share_is_taken_back(house: House) -> None:
    shared = {"shared/kustomization.yaml": "resources:\n  - carts.yaml\n", "shared/carts.yaml": CARTS}
    house.commit(
        {
            **shared,
            "prod/carts/kustomization.yaml": "namespace: carts\nresources:\n  - ../../shared\n",
            "staging/carts/kustomization.yaml": "namespace: carts\nresources:\n  - ../../shared\n",
        }
    )
    before = {name: house.objects("main", name) for name in ("prod", "staging")}
    edited = {"shared/carts.yaml": CARTS.replace("instances: 3", "instances: 4")}
    house.commit(edited, branch="gitops-mcp/base", start="main")
    house.merge("base")
    house.commit({"shared/carts.yaml": f"# Later\n{house.file('main', 'shared/carts.yaml')}\n"})
    assert house.objects() != before["prod"]
    undone = house.ask("undo_change", change="base")
    house.merge(str(undone.change))
    assert {name: house.objects("main", name) for name in before} == before


CARTS = cluster("carts", None, "\n  instances: 3\n  storage: {size: 10Gi}")
LISTED = "resources:\n  - carts.yaml\n"


@pytest.mark.parametrize(
    ("files", "edited"),
    [
        pytest.param(
            {"list.yaml": f"apiVersion: v1\nkind: List\nitems:\n  -{indent(CARTS, '    ')[3:]}"},
            "list.yaml",
            id="a list of objects",
        ),
        pytest.param(
            {
                "carts.yaml": CARTS,
                "kustomization.yaml": f"{LISTED}patches:\n  - target: {{kind: Cluster}}\n    path: patch.yaml\n",
                "patch.yaml": "- {op: replace, path: /spec/instances, value: 2}\n",
            },
            "patch.yaml",
            id="a patch of JSON",
        ),
    ],
)
@pytest.mark.parametrize("name", ["", pytest.param("renamed.yaml", id="renamed")])
@pytest.mark.few(1)
def test_a_comment_and_a_new_name_that_came_later_are_no_obstacle_wherever_it_stands(
    house: House, files: dict[str, str], edited: str, name: str
) -> None:
    carts = {f"prod/shop/carts/{name}": text for name, text in files.items()}
    if "kustomization.yaml" not in files:
        carts["prod/shop/carts/kustomization.yaml"] = "resources:\n" + "".join(f"  - {name}\n" for name in files)
    listed = house.file("main", "prod/shop/kustomization.yaml")
    house.commit({**carts, "prod/shop/kustomization.yaml": f"{listed}\n  - carts\n"})
    before = house.objects()
    made = house.ask("scale_postgres_cluster", name="carts", namespace="shop", environment="prod", instances=5)
    house.merge(str(made.change))
    old, path, listing = (f"prod/shop/carts/{one}" for one in (edited, name or edited, "kustomization.yaml"))
    later = {old: None, path: f"{house.file('main', old)}\n# Later\n"}
    house.commit({**later, listing: house.file("main", listing).replace(edited, name or edited)})
    assert house.objects() != before
    undone = house.ask("undo_change", change=made.change)
    house.merge(str(undone.change))
    assert house.objects() == before
    assert house.file("main", path).endswith("# Later")


@pytest.mark.thorough
def test_a_namespace_that_was_new_needs_a_persons_word(house: House) -> None:
    listed = house.file("main", "prod/shop/kustomization.yaml")
    house.commit(
        {
            "prod/kustomization.yaml": "resources:\n  - shop\n",
            "prod/shop/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n",
            "prod/shop/kustomization.yaml": f"{listed}\n  - namespace.yaml\n",
        }
    )
    tree = house.git("remote.git", "rev-parse", "main:prod")
    added = {"name": "far", "namespace": "far", "environment": "prod", "postgres_version": "18.4-standard-trixie"}
    made = house.ask("create_postgres_cluster", **added)
    house.merge(str(made.change))
    assert "kind: Namespace\nmetadata:\n  name: far" in house.file("main", "prod/far/namespace.yaml")
    with pytest.raises(Refused, match="removing Namespace far deletes all that is in it"):
        house.ask("undo_change", change=made.change)
    undone = house.ask("undo_change", change=made.change, confirm_deletion=True)
    house.merge(str(undone.change))
    assert house.git("remote.git", "rev-parse", "main:prod") == tree


@pytest.mark.thorough
def test_a_cluster_that_is_protected_goes_in_the_steps_of_its_deletion(furnished: House) -> None:
    furnished.commit({".gitops-mcp.yaml": furnished.file("main", ".gitops-mcp.yaml").replace("none", "flux")})
    before = furnished.objects()
    tool, arguments = KINDS["cluster"]
    made = furnished.ask(tool, **arguments)
    furnished.merge(str(made.change))
    for summary, change in (
        (f"Undo {made.change}: Remove the protection of Cluster shop/added against pruning", f"undo-{made.change}"),
        (f"Undo {made.change}", f"undo-{made.change}-2"),
    ):
        undone = furnished.ask("undo_change", change=made.change, confirm_deletion=True)
        assert (undone.summary, undone.change) == (summary, change)
        furnished.merge(change)
    assert furnished.objects() == before


@pytest.mark.thorough
def test_a_password_that_was_made_anew_becomes_the_old_one(furnished: House) -> None:
    """Only a sealed file differs, of which no object of the environment is made."""
    settings = furnished.file("main", ".gitops-mcp.yaml")
    key = KeyPair.made()
    files = {
        ".gitops-mcp.yaml": f"{settings}\npasswords: {{provider: sealed-secrets}}\n",
        "pub-sealed-secrets.pem": key.certificate.decode(),
    }
    furnished.commit(files)
    made = furnished.ask("create_postgres_role", role_name="clerk", **ON)
    furnished.merge(str(made.change))
    tree = furnished.git("remote.git", "rev-parse", "main:prod")
    rotated = furnished.ask("update_postgres_role", role_name="clerk", rotate_password=True, **ON)
    furnished.commit({"note": "x"})
    sealed = furnished.git("remote.git", "diff", "HEAD...gitops-mcp/" + str(rotated.change))
    furnished.ask("refresh_change", change=rotated.change)
    assert furnished.git("remote.git", "diff", "HEAD...gitops-mcp/" + str(rotated.change)) == sealed
    furnished.merge(str(rotated.change))
    assert furnished.git("remote.git", "rev-parse", "main:prod") != tree
    undone = furnished.ask("undo_change", change=rotated.change)
    assert undone.environment == "prod"
    furnished.merge(str(undone.change))
    assert furnished.git("remote.git", "rev-parse", "main:prod") == tree


@pytest.mark.thorough
def test_a_clone_that_lacks_commits_is_told_what_to_do(furnished: House) -> None:
    made = furnished.ask("scale_postgres_cluster", **DB, instances=5)
    furnished.merge(str(made.change))
    furnished.git("author", "push", "--quiet", "origin", f":gitops-mcp/{made.change}")
    (furnished.folder / "desk").rename(furnished.folder / "old")
    url = (furnished.folder / "remote.git").as_uri()
    furnished.git("", "clone", "--quiet", "--depth", "2", url, "desk")
    for tool, where in {"undo_change": {}, "repeat_change": {"environment": "prod"}}.items():
        with pytest.raises(Unavailable, match="run git fetch --unshallow"):
            furnished.ask(tool, change=made.change, **where)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        pytest.param("latin", r"notes\.txt is not UTF-8 text before it", id="Latin-1"),
        pytest.param("link", r"note\.md is a symbolic link after it", id="a symlink"),
        pytest.param("script", r"check\.sh is an executable file before it", id="an executable file"),
        pytest.param("mode", r"mode\.sh is an executable file after it", id="a mode alone"),
    ],
)
@pytest.mark.parametrize("state", ["merged", "open"])
@pytest.mark.few(2)
def test_what_would_not_come_back_as_it_was_is_refused(house: House, does: str, told: str, state: str) -> None:
    author = house.folder / "author"
    (author / "notes.txt").write_bytes("für\n".encode("latin-1"))
    for name in ("check.sh", "mode.sh"):
        (author / name).write_text("true\n")
    (author / "check.sh").chmod(0o755)
    house.commit({"note.md": "x\n"})
    house.commit({}, branch="gitops-mcp/mine", start="main")
    match does:
        case "latin":
            (author / "notes.txt").write_text("for\n")
        case "link":
            (author / "note.md").unlink()
            (author / "note.md").symlink_to("notes.txt")
        case "script":
            (author / "check.sh").unlink()
        case "mode":
            (author / "mode.sh").chmod(0o755)
    house.git("author", "commit", "--quiet", "--all", "--message", "By hand")
    house.git("author", "push", "--quiet", "origin", "HEAD:refs/heads/gitops-mcp/mine")
    if state == "merged":
        house.merge("mine")
    before = house.refs()
    with pytest.raises(Refused, match=f"{told}.*git revert"):
        house.ask("undo_change", change="mine")
    assert house.refs() == before


STORE = """\
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata:
  name: backups
spec:
  configuration: {destinationPath: s3://backups}
"""
ARCHIVES = "\n  plugins: [{name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: backups}}]\n"


@pytest.mark.parametrize("archives", ["nobody", "since", "with it"])
@pytest.mark.few(1)
def test_an_object_store_goes_only_where_nothing_names_it_any_more(house: House, archives: str) -> None:
    listed, text = (house.file("main", f"prod/shop/{name}.yaml") for name in ("kustomization", "db"))
    files = {"prod/shop/store.yaml": STORE, "prod/shop/kustomization.yaml": f"{listed}\n  - store.yaml\n"}
    named = {"prod/shop/db.yaml": text + ARCHIVES}
    tree = house.git("remote.git", "rev-parse", "main:prod")
    house.commit({**files, **(named if archives == "with it" else {})}, branch="gitops-mcp/store", start="main")
    house.merge("store")
    if archives == "since":
        house.commit(named)
        says = r"ObjectStore backups is named by Cluster shop/db, prod/shop/db\.yaml:1: change that first"
        with pytest.raises(Refused, match=f"change 'store' cannot be taken back: {says}"):
            house.ask("undo_change", change="store", confirm_deletion=True)
        return
    with pytest.raises(Refused, match="removing ObjectStore backups: no Cluster archives to it"):
        house.ask("undo_change", change="store")
    undone = house.ask("undo_change", change="store", confirm_deletion=True)
    assert "ObjectStore backups goes" in undone.about
    house.merge(str(undone.change))
    assert house.git("remote.git", "rev-parse", "main:prod") == tree


@pytest.mark.thorough
def test_what_stops_in_another_environment_needs_a_persons_word_too(house: House) -> None:
    sleeping = house.file("main", "staging/all.yaml").replace(
        "metadata: {", 'metadata: {annotations: {cnpg.io/hibernation: "on"}, '
    )
    house.commit({"staging/all.yaml": sleeping})
    house.ask("update_postgres_cluster", **DB, parameters={"work_mem": "8MB"}, change="mine")
    staging = {"name": "db-staging", "environment": "staging"}
    house.ask("update_postgres_cluster", **staging, hibernation="off", change="mine")
    house.merge("mine")
    with pytest.raises(Refused, match="Cluster shop-staging/db-staging is hibernated again: every pod stops"):
        house.ask("undo_change", change="mine")
