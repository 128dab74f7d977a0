from evals.task import Task
from evals.tasks.changing.clusters import (
    create_beside_others,
    grow_a_volume,
    keep_line_ends,
    put_to_sleep,
    resources_of_an_alias,
    scale,
    set_a_parameter,
    upgrade_one_of_two,
)

TASKS: tuple[Task, ...] = (
    scale.TASK,
    set_a_parameter.TASK,
    grow_a_volume.TASK,
    upgrade_one_of_two.TASK,
    create_beside_others.TASK,
    put_to_sleep.TASK,
    keep_line_ends.TASK,
    resources_of_an_alias.TASK,
)
