"""All tasks, by what they are about."""

from evals.task import Task
from evals.tasks import changing, judgement, reading, recovery

TASKS: tuple[Task, ...] = (*reading.TASKS, *changing.TASKS, *judgement.TASKS, *recovery.TASKS)
