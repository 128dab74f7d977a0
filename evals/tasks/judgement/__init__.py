from evals.task import Task
from evals.tasks.judgement import shrink_a_volume

TASKS: tuple[Task, ...] = (shrink_a_volume.TASK,)
