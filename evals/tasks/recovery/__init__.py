from evals.task import Task
from evals.tasks.recovery import (
    conflict,
    follows_another_branch,
    race,
    refused_after_merge,
    rotate_a_leaked_password,
    take_back,
    undo_one_of_two,
)

TASKS: tuple[Task, ...] = (
    race.TASK,
    conflict.TASK,
    take_back.TASK,
    undo_one_of_two.TASK,
    refused_after_merge.TASK,
    follows_another_branch.TASK,
    rotate_a_leaked_password.TASK,
)
