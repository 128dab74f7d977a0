from evals.task import Task
from evals.tasks.changing.objects import (
    add_a_read_only_login,
    change_a_schedule,
    create_a_database,
    create_a_pooler,
    drop_a_role,
    let_go_of_a_database,
    limit_a_role,
    publish_a_schema,
    upgrade_an_extension,
)

TASKS: tuple[Task, ...] = (
    add_a_read_only_login.TASK,
    limit_a_role.TASK,
    drop_a_role.TASK,
    create_a_database.TASK,
    upgrade_an_extension.TASK,
    let_go_of_a_database.TASK,
    create_a_pooler.TASK,
    change_a_schedule.TASK,
    publish_a_schema.TASK,
)
