from evals.task import Task
from evals.tasks.changing.objects import (
    add_a_read_only_login,
    change_a_schedule,
    limit_a_role,
)

TASKS: tuple[Task, ...] = (
    add_a_read_only_login.TASK,
    limit_a_role.TASK,
    change_a_schedule.TASK,
)
