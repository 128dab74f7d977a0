from evals.task import Task
from evals.tasks.recovery import race

TASKS: tuple[Task, ...] = (race.TASK,)
