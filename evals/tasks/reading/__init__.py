from evals.task import Task
from evals.tasks.reading import (
    archiving_fails,
    changed_beside_git,
    disk_full,
    engine_suspended,
    image_missing,
    last_good_backup,
    role_without_secret,
    who_set_a_field,
)

TASKS: tuple[Task, ...] = (
    disk_full.TASK,
    archiving_fails.TASK,
    last_good_backup.TASK,
    image_missing.TASK,
    role_without_secret.TASK,
    who_set_a_field.TASK,
    changed_beside_git.TASK,
    engine_suspended.TASK,
)
