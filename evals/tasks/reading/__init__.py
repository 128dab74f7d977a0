from evals.task import Task
from evals.tasks.reading import disk_full

TASKS: tuple[Task, ...] = (disk_full.TASK,)
