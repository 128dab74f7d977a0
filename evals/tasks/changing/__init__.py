from evals.task import Task
from evals.tasks.changing import clusters, objects

TASKS: tuple[Task, ...] = (*clusters.TASKS, *objects.TASKS)
