from evals.task import Task
from evals.tasks.recovery import password_never_comes, race, take_back

TASKS: tuple[Task, ...] = (race.TASK, password_never_comes.TASK, take_back.TASK)
