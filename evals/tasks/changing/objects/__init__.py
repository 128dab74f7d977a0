from evals.task import Task
from evals.tasks.changing.objects import (
    add_a_read_only_login,
    change_a_schedule,
    create_a_pooler,
    limit_a_role,
    upgrade_an_extension,
)

TASKS: tuple[Task, ...] = (
    add_a_read_only_login.TASK,
    limit_a_role.TASK,
    upgrade_an_extension.TASK,
    create_a_pooler.TASK,
    change_a_schedule.TASK,
)
