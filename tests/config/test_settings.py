from __future__ import annotations

import subprocess
import sys

import pytest

from gitops_mcp.config import (
    Environment,
    Flags,
    ForgeSettings,
    Passwords,
    PullRequestSettings,
    Settings,
    resolve_settings,
)
from gitops_mcp.errors import InvalidRequest

WHOLE = """\
# .gitops-mcp.yaml
base: main
remote: upstream
branchPrefix: bots/gitops-mcp/
push: auto
forge: {type: gitlab, url: https://git.example.com/gitlab/, api: https://api.git.example.com/v4}
pullRequests: {open: never, draft: true, labels: [database, needs review, database], reviewers: [jane, platform/dba]}
commit: {signoff: true, hooks: off}   # a word, not a boolean
timeouts: {git: 90, kubernetes: 2.5}
environments:
  prod:
    context: arn:aws:eks:eu-west-1:1:cluster/prod
    path: ./clusters/prod/
    namespaces: [shop, billing]
    protected: true
    engine: {type: argocd, context: hub, namespace: argocd}
    operator: 1.29.2
    metrics: {prometheus: https://prometheus.example.com/prod/}
  dev: {context: kind-dev, path: clusters/dev, delivery: git, passwords: {provider: cluster}}
layout:
  cluster: "{path}/{namespace}/postgres/{cluster}.yml"
  database: "{path}/{cluster}/db/{name}.yml"
  role: "{path}/{cluster}/role/{name}.yml"
  secret: "{path}/{cluster}/secret/{name}.yml"
passwords: {provider: sealed-secrets, sealedSecrets: {certificate: ./certs/sealing.pem, namespace: sealing, name: sealer}}
images: {postgres: 'registry.example:5000/mirror/postgresql'}
limits: {maxInstances: 5, storageClasses: [fast, slow.example]}
"""


PASSWORDS = Passwords("auto", None, "kube-system", "sealed-secrets-controller")


def environment(name: str = "default", **given: object) -> Environment:
    parts: dict[str, object] = {
        "context": None,
        "path": "",
        "namespaces": None,
        "protected": False,
        "delivery": "git",
        "engine_type": "auto",
        "engine_context": None,
        "engine_namespace": None,
        "passwords": PASSWORDS,
    }
    return Environment(name=name, **(parts | given))  # type: ignore[arg-type] # a table of fields


def faults(text: str, **flags: object) -> list[str]:
    with pytest.raises(InvalidRequest) as raised:
        resolve_settings(text, Flags(**flags))  # type: ignore[arg-type] # a table of fields
    return str(raised.value).splitlines()


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "---\n", "{}"])
def test_no_configuration_is_one_environment_at_the_root(text: str | None) -> None:
    assert resolve_settings(text, Flags()) == Settings(
        base=None,
        base_from="",
        remote=None,
        branch_prefix="gitops-mcp/",
        push="auto",
        forge=ForgeSettings("auto", None, None),
        pull_requests=PullRequestSettings("auto", draft=False, labels=(), reviewers=()),
        signoff=False,
        hooks="auto",
        git_timeout=60,
        kubernetes_timeout=10,
        environments={"default": environment()},
        environment="default",
        layout_cluster="{path}/{namespace}/{cluster}/cluster.yaml",
        layout_database="{path}/{namespace}/{cluster}/database-{name}.yaml",
        layout_role="{path}/{namespace}/{cluster}/role-{name}.yaml",
        layout_secret="{path}/{namespace}/{cluster}/secret-{name}.yaml",
        postgres_images="ghcr.io/cloudnative-pg/postgresql",
        max_instances=9,
        storage_classes=None,
    )


def test_every_key_is_read() -> None:
    assert resolve_settings(WHOLE, Flags()) == Settings(
        base="main",
        base_from=".gitops-mcp.yaml:2",
        remote="upstream",
        branch_prefix="bots/gitops-mcp/",
        push="auto",
        forge=ForgeSettings("gitlab", "https://git.example.com/gitlab", "https://api.git.example.com/v4"),
        pull_requests=PullRequestSettings(
            "never", draft=True, labels=("database", "needs review"), reviewers=("jane", "platform/dba")
        ),
        signoff=True,
        hooks="off",
        git_timeout=90,
        kubernetes_timeout=2.5,
        environments={
            "prod": environment(
                "prod",
                context="arn:aws:eks:eu-west-1:1:cluster/prod",
                path="clusters/prod",
                namespaces=("shop", "billing"),
                protected=True,
                engine_type="argocd",
                engine_context="hub",
                engine_namespace="argocd",
                operator=(1, 29, 2),
                prometheus="https://prometheus.example.com/prod",
                passwords=Passwords("sealed-secrets", "certs/sealing.pem", "sealing", "sealer"),
            ),
            "dev": environment(
                "dev",
                context="kind-dev",
                path="clusters/dev",
                passwords=Passwords("cluster", None, "kube-system", "sealed-secrets-controller"),
            ),
        },
        environment=None,
        layout_cluster="{path}/{namespace}/postgres/{cluster}.yml",
        layout_database="{path}/{cluster}/db/{name}.yml",
        layout_role="{path}/{cluster}/role/{name}.yml",
        layout_secret="{path}/{cluster}/secret/{name}.yml",
        postgres_images="registry.example:5000/mirror/postgresql",
        max_instances=5,
        storage_classes=("fast", "slow.example"),
    )


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    assert resolve_settings("\ufeff" + WHOLE.replace("\n", "\r\n"), Flags()) == resolve_settings(WHOLE, Flags())


def test_all_faults_are_named_with_line_and_what_is_allowed() -> None:
    text = """\
push: sometimes
pullRequest: {open: auto}
commit:
  hooks: no
timeouts: {git: 0, kubernetes: 1000}
environments:
  Prod: {path: clusters/prod}
  dev:
    delivery: both
    namespace: shop
limits:
  maxInstances: 2.5
"""
    assert faults(text) == [
        ".gitops-mcp.yaml has 9 faults:",
        "- .gitops-mcp.yaml:1: push: expected one of auto, never, found 'sometimes'",
        (
            "- .gitops-mcp.yaml:2: pullRequest: unknown key; there are: pullRequests, base, branchPrefix, commit, environments, "
            "forge, images, layout, limits, passwords, push, remote, timeouts"
        ),
        "- .gitops-mcp.yaml:4: commit.hooks: expected one of auto, off, required, found 'no'",
        "- .gitops-mcp.yaml:5: timeouts.git: expected a number from 0.1 to 600, found 0",
        "- .gitops-mcp.yaml:5: timeouts.kubernetes: expected a number from 0.1 to 120, found 1000",
        (
            "- .gitops-mcp.yaml:7: environments.Prod: 'Prod' is not the name of an environment: at most 63 lower-case letters, digits "
            "and '-', starting and ending with a letter or digit"
        ),
        "- .gitops-mcp.yaml:9: environments.dev.delivery: expected one of git, direct, found 'both'",
        (
            "- .gitops-mcp.yaml:10: environments.dev.namespace: unknown key; there are: namespaces, context, delivery, engine, "
            "metrics, operator, passwords, path, protected"
        ),
        "- .gitops-mcp.yaml:12: limits.maxInstances: expected a whole number from 1 to 100, found 2.5",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("bsae: main", "bsae: unknown key; there are: base, ", id="near name first"),
        pytest.param("base: 1.10", "base: expected text or null, found 1.1", id="a number where a name goes"),
        pytest.param("base: [main]", "base: expected text or null, found a list", id="a list where a name goes"),
        pytest.param("base: a b", "base: 'a b' is not the name of a branch", id="branch"),
        pytest.param("base: HEAD", "base: 'HEAD' is not the name of a branch", id="HEAD"),
        pytest.param("push:", "push: expected one of auto, never, found nothing", id="empty value"),
        pytest.param("push: true", "push: expected one of auto, never, found true", id="boolean for a word"),
        pytest.param("remote: a..b", "remote: 'a..b' is not the name of a remote, such as origin", id="remote"),
        pytest.param("branchPrefix: gitops-mcp", "must have at most 100 characters and end with '/'", id="no slash"),
        pytest.param("branchPrefix: /", "must have at most 100 characters and end with '/'", id="only a slash"),
        pytest.param("branchPrefix: a..b/", "'a..b/' cannot start a branch's name in Git", id="illegal ref"),
        pytest.param("branchPrefix: a//", "'a//' cannot start a branch's name in Git", id="two slashes"),
        pytest.param("branchPrefix: -x/", "'-x/' cannot start a branch's name in Git", id="leading dash"),
        pytest.param("branchPrefix: a.lock/", "'a.lock/' cannot start a branch's name in Git", id="lock file"),
        pytest.param("commit: {signoff: yes}", "commit.signoff: expected true or false, found 'yes'", id="yes"),
        pytest.param(
            "timeouts: {git: '60'}", "timeouts.git: expected a number from 0.1 to 600, found '60'", id="quoted"
        ),
        pytest.param("timeouts: {git: .nan}", "expected a number from 0.1 to 600, found '.nan'", id="nan"),
        pytest.param("timeouts: {git: 1e999}", "expected a number from 0.1 to 600, found inf", id="infinity"),
        pytest.param("timeouts: 60", "timeouts: expected a mapping, found 60", id="mapping wanted"),
        pytest.param("environments: {}", "environments: expected at least one entry", id="no environment"),
        pytest.param(
            "environments: {a: }", "environments.a: expected a mapping, found nothing", id="empty environment"
        ),
        pytest.param("environments: {a: {context: ' x'}}", "' x' is not the name of a context", id="context"),
        pytest.param("environments: {a: {namespaces: []}}", "namespaces: expected at least one entry", id="none"),
        pytest.param("environments: {a: {namespaces: shop}}", "expected a list or null, found 'shop'", id="no list"),
        pytest.param(
            "environments: {a: {namespaces: [a, B]}}", "namespaces[1]: 'B' is not a namespace", id="namespace"
        ),
        pytest.param("environments: {a: {protected: 1}}", "protected: expected true or false, found 1", id="one"),
        pytest.param("environments: {a: {delivery: svn}}", "expected one of git, direct, found 'svn'", id="delivery"),
        pytest.param("environments: {a: {engine: {type: argo}}}", "one of auto, argocd, flux, none", id="engine"),
        pytest.param(
            "environments: {a: {operator: 1.29}}",
            "environments.a.operator: '1.29' is not a release of the operator: all three numbers, such as 1.29.2, or auto",
            id="a minor release",
        ),
        pytest.param("environments: {a: {operator: latest}}", "such as 1.30.0, or auto", id="no release"),
        pytest.param("layout: {cluster: '{path}/x.yaml'}", "must contain {cluster}", id="no cluster in it"),
        pytest.param("layout: {cluster: '{path}/{cluster}.json'}", "end in .yaml or .yml", id="no YAML"),
        pytest.param(
            "layout: {cluster: '{path}/{cluster}/{name}.yaml'}", "not a placeholder; there are: {path}", id="name"
        ),
        pytest.param("layout: {cluster: '{cluster!r}.yaml'}", "braces that are not a placeholder", id="conversion"),
        pytest.param("layout: {cluster: '{{cluster}}.yaml'}", "braces that are not a placeholder", id="two braces"),
        pytest.param("layout: {cluster: '../{cluster}.yaml'}", "leaves the repository", id="layout outside"),
        pytest.param(
            "layout: {pooler: '{path}/x.yaml'}",
            "pooler: unknown key; there are: role, cluster, database, secret",
            id="later key",
        ),
        pytest.param("layout: {role: '{path}/{cluster}.yaml'}", "must contain {name}", id="no name"),
        pytest.param("passwords: {provider: vault}", "expected one of auto, external-secrets", id="provider"),
        pytest.param("passwords: {sealedSecrets: {certificate: ../x.pem}}", "leaves the repository", id="certificate"),
        pytest.param("passwords: {sealedSecrets: {name: A_b}}", "is not the name of an object", id="controller"),
        pytest.param("images: {postgres: 'reg.example/pg:18'}", "without tag and digest", id="tag"),
        pytest.param("images: {postgres: 'reg.example/pg@sha256:00'}", "without tag and digest", id="digest"),
        pytest.param("images: {postgres: postgresql}", "is not an image repository", id="no host"),
        pytest.param("limits: {maxInstances: 0}", "expected a whole number from 1 to 100, found 0", id="no instance"),
        pytest.param("limits: {maxInstances: true}", "expected a whole number from 1 to 100, found true", id="true"),
        pytest.param("limits: {storageClasses: [Fast]}", "'Fast' is not the name of a StorageClass", id="class"),
        pytest.param("[base, main]", "expected a mapping, found a list", id="a list"),
        pytest.param("main", "expected a mapping, found 'main'", id="a word"),
    ],
)
def test_each_fault_says_what_would_work(text: str, fault: str) -> None:
    head, listed = faults(text)
    assert head == ".gitops-mcp.yaml has 1 fault:"
    assert listed.startswith("- .gitops-mcp.yaml:1: ")
    assert fault in listed


@pytest.mark.parametrize("path", ["..", "a/../b", "/a", "a\\b", ".git", "a/.GIT/b", "a\x00b", "C:\\x", "/"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    quoted = path.replace("\\", "\\\\").replace("\x00", "\\0")
    (_, listed) = faults(f'environments:\n  a:\n    path: "{quoted}"\n')
    assert listed.startswith("- .gitops-mcp.yaml:3: environments.a.path: ")


@pytest.mark.parametrize(("path", "folder"), [("", ""), (".", ""), ("./", ""), ("a//b/", "a/b"), ("./a/./b", "a/b")])
def test_a_path_is_kept_in_its_normal_form(path: str, folder: str) -> None:
    assert resolve_settings(f"environments: {{a: {{path: '{path}'}}}}", Flags()).environments["a"].path == folder


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        pytest.param(
            "push: auto\nbase: x\npush: never\n",
            ["- .gitops-mcp.yaml:3: push: stands twice, first in line 1; keep one"],
            id="top",
        ),
        pytest.param(
            "environments:\n  a: {}\n  b: {path: x, 'path': y}\n  a: {}\n",
            [
                "- .gitops-mcp.yaml:3: environments.b.path: stands twice, first in line 3; keep one",
                "- .gitops-mcp.yaml:4: environments.a: stands twice, first in line 2; keep one",
            ],
            id="inside",
        ),
        pytest.param(
            "base: &b main\nremote: *b\n",
            ["- .gitops-mcp.yaml:2: remote: an alias; write the value out, aliases are not read here"],
            id="alias",
        ),
        pytest.param(
            "a: &a\n  b: *a\n",
            ["- .gitops-mcp.yaml:1: a: unknown key", "- .gitops-mcp.yaml:2: a.b: an alias"],
            id="endless alias",
        ),
        pytest.param(
            "base: !!binary x\n", ["- .gitops-mcp.yaml:1: base: a tag; leave it out, tags are not read here"], id="tag"
        ),
        pytest.param(
            "base: main\n---\npush: auto\n",
            ["- .gitops-mcp.yaml:2: a second document; the file has one"],
            id="documents",
        ),
        pytest.param("? [a]\n: 1\n", ["- .gitops-mcp.yaml:1: a key that is not a plain word"], id="key"),
        pytest.param("push: auto\nbase: [\n", ["- .gitops-mcp.yaml:3: not YAML: "], id="not closed"),
        pytest.param("push: auto\n\tbase: x\n", ["- .gitops-mcp.yaml:2: not YAML: "], id="tab"),
        pytest.param(
            "base: é\nremote: \x07\n",
            ["- .gitops-mcp.yaml:2: not YAML: the character U+0007 is not allowed"],
            id="bell",
        ),
        pytest.param(
            "base: \ud800\n", ["- .gitops-mcp.yaml:1: not YAML: the character U+D800 is not allowed"], id="surrogate"
        ),
        pytest.param("[" * 100_000, ["- .gitops-mcp.yaml:1: nested deeper than 20 levels"], id="deep"),
        pytest.param("#" * 300_000, ["- .gitops-mcp.yaml:1: 300000 characters; at most 262144 are read"], id="long"),
    ],
)
def test_what_is_no_plain_yaml_is_named_with_its_line(text: str, listed: list[str]) -> None:
    found = faults(text)[1:]
    assert len(found) == len(listed)
    for fault, start in zip(found, listed, strict=True):
        assert fault.startswith(start)


def test_a_file_full_of_faults_makes_a_short_error() -> None:
    found = faults("".join(f"key{number}: x\n" for number in range(1000)))
    assert found[0] == ".gitops-mcp.yaml has 1000 faults:"
    assert found[-1] == "- and 975 more"
    assert len("\n".join(found)) < 11_000


def test_a_string_tag_makes_text() -> None:
    assert resolve_settings("base: !!str 18\n", Flags()).base == "18"
    assert resolve_settings("base: '18'\n", Flags()).base == "18"


def test_a_password_in_the_wrong_place_is_not_repeated() -> None:
    text = """\
base: https://me:hunter2@host/repo
remote: https://me:hunter2@host/repo
push: https://me:hunter2@host/repo
branchPrefix: https://me:hunter2@host/
images: {postgres: 'https://me:hunter2@host/pg'}
environments: {a: {path: 'https://me:hunter2@host/../x', namespaces: ['https://me:hunter2@host/']}}
"""
    found = faults(text)
    assert len(found) == 1 + 7
    assert "hunter2" not in "\n".join(found)


def test_flags_replace_what_the_file_says() -> None:
    text = "base: main\nenvironments:\n  prod: {context: a, path: p}\n  dev: {context: b, path: d}\n"
    made = resolve_settings(text, Flags(base="release", push="never", environment="dev", context="c"))
    assert (made.base, made.push, made.environment) == ("release", "never", "dev")
    assert {name: each.context for name, each in made.environments.items()} == {"prod": "a", "dev": "c"}


def test_a_context_goes_to_the_only_environment() -> None:
    assert resolve_settings(None, Flags(context="kind-dev")).environments["default"].context == "kind-dev"


def test_a_context_for_one_of_several_environments_has_to_say_which() -> None:
    assert faults("environments: {prod: {}, dev: {}}", context="x") == [
        "--context sets the context of one environment: say which with --environment; there are: dev, prod"
    ]


def test_the_environment_of_a_flag_has_to_exist() -> None:
    assert faults("environments: {prod: {}, dev: {}}", environment="prd") == [
        "--environment: no environment 'prd'; there are: prod, dev"
    ]
    assert faults("", environment="prod") == [
        "--environment: no environment 'prod'; there are: default (no .gitops-mcp.yaml at the base declares environments)"
    ]


def test_the_only_environment_is_meant_where_none_is_named() -> None:
    assert resolve_settings("environments: {prod: {}}", Flags()).environment == "prod"


def test_a_flag_cannot_loosen_push() -> None:
    assert faults("base: main\npush: never\n", push="auto") == [
        "--push auto cannot loosen `push: never` (.gitops-mcp.yaml:2); leave the flag out"
    ]


@pytest.mark.parametrize("base", ["gitops-mcp/x", "gitops-mcp"])
def test_the_base_is_never_among_the_changes(base: str) -> None:
    assert faults(f"base: {base}\n")[0].startswith(f"the base '{base}' lies at or below branchPrefix 'gitops-mcp/'")
    assert faults("", base=base)[0].startswith(f"the base '{base}' lies at or below branchPrefix")


def test_changes_cannot_lie_below_the_base() -> None:
    (fault,) = faults("base: main\nbranchPrefix: main/changes/\n")
    assert fault.startswith("git cannot keep branches below 'main/changes/' beside a branch 'main'")


def test_direct_delivery_is_for_the_environments_that_say_so() -> None:
    made = resolve_settings("environments: {prod: {protected: true}, dev: {delivery: direct}, other: {}}", Flags())
    assert [(one.name, one.delivery) for one in made.environments.values()] == [
        ("prod", "git"),
        ("dev", "direct"),
        ("other", "git"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("environments:\n  prod:\n    delivery: direct\n    protected: true\n", 3, id="a line each"),
        pytest.param("environments:\n  prod: {protected: true, delivery: direct}\n", 2, id="one line"),
        pytest.param(
            "environments:\n  a: {protected: true}\n  prod: {delivery: direct, protected: true}\n", 3, id="the second"
        ),
    ],
)
def test_a_protected_environment_is_never_delivered_to_directly(text: str, line: int) -> None:
    told = "\n".join(faults(text))
    assert told == (
        f".gitops-mcp.yaml:{line}: environments.prod: a protected environment is changed through git only; "
        f"remove delivery: direct, or protected: true"
    )


def test_every_environment_that_is_both_is_named() -> None:
    both = "{protected: true, delivery: direct}"
    told = "; ".join(faults(f"environments:\n  a: {both}\n  b: {both}\n  c: {{delivery: direct}}\n", push="auto"))
    assert ".gitops-mcp.yaml:2: environments.a: " in told
    assert ".gitops-mcp.yaml:3: environments.b: " in told
    assert "environments.c" not in told


def test_a_layout_stays_in_the_folder_of_each_environment() -> None:
    text = "layout:\n  cluster: 'clusters/{cluster}.yaml'\nenvironments: {a: {path: clusters}, b: {path: other}}\n"
    assert faults(text)[1:] == [
        "- .gitops-mcp.yaml:2: layout.cluster: leaves 'other', the folder of environment b; start it with {path}/"
    ]
    assert resolve_settings(text.replace("other", "."), Flags()).layout_cluster == "clusters/{cluster}.yaml"


def test_settings_cannot_be_changed() -> None:
    made = resolve_settings(WHOLE, Flags())
    with pytest.raises(TypeError):
        made.environments["prod"] = made.environments["dev"]  # type: ignore[index] # what the test is about


def test_starting_pays_for_neither_yaml_nor_the_model() -> None:
    code = "import sys, gitops_mcp.config; print(sorted({'yaml', 'pydantic'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"
