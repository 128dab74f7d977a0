from evals.task import Task

TASKS: tuple[Task, ...] = ()
