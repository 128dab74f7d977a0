"""What holds of the configuration, as the caller may know it."""

from __future__ import annotations

from gitops_mcp.answers.configuration import Configuration, EnvironmentRow
from gitops_mcp.app import App


def read_configuration(app: App) -> Configuration:
    settings, ground = app.settings()
    base = ground and ground.base
    return Configuration(
        base=base.branch if base else settings.base,
        base_commit=base.commit[:10] if base else None,
        remote=base.remote if base else settings.remote,
        branch_prefix=settings.branch_prefix,
        push=settings.push,
        pull_requests=settings.pull_requests.open,
        forge=settings.forge.type,
        max_instances=settings.max_instances,
        storage_classes=None if settings.storage_classes is None else list(settings.storage_classes),
        environments=[
            EnvironmentRow(
                name=one.name,
                path=one.path,
                context=one.context,
                namespaces=None if one.namespaces is None else list(one.namespaces),
                protected=one.protected,
                delivery=one.delivery,
                engine=one.engine_type,
                passwords=one.passwords.provider,
            )
            for one in settings.environments.values()
        ],
    )
