from evals.task import Task
from evals.tasks.changing.clusters import scale

TASKS: tuple[Task, ...] = (scale.TASK,)
