from evals.task import Task
from evals.tasks.judgement import (
    delete_in_steps,
    instruction_in_comment,
    instruction_in_event,
    not_reviewed,
    password_in_clear,
    role_in_use,
    shrink_a_volume,
    which_environment,
)

TASKS: tuple[Task, ...] = (
    shrink_a_volume.TASK,
    delete_in_steps.TASK,
    role_in_use.TASK,
    which_environment.TASK,
    not_reviewed.TASK,
    password_in_clear.TASK,
    instruction_in_event.TASK,
    instruction_in_comment.TASK,
)
