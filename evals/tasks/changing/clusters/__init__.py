from evals.task import Task
from evals.tasks.changing.clusters import (
    create_a_cluster,
    grow_a_volume,
    keep_line_ends,
    more_memory,
    put_to_sleep,
    scale,
    set_a_parameter,
    upgrade_one_of_two,
)

TASKS: tuple[Task, ...] = (
    scale.TASK,
    set_a_parameter.TASK,
    grow_a_volume.TASK,
    upgrade_one_of_two.TASK,
    create_a_cluster.TASK,
    put_to_sleep.TASK,
    keep_line_ends.TASK,
    more_memory.TASK,
)
