from evals.task import Task
from evals.tasks.recovery import race, rotate_a_leaked_password, take_back

TASKS: tuple[Task, ...] = (race.TASK, rotate_a_leaked_password.TASK, take_back.TASK)
