from evals.task import Task
from evals.tasks.recovery import conflict, follows_another_branch, race, refused_by_webhook, take_back

TASKS: tuple[Task, ...] = (
    race.TASK,
    conflict.TASK,
    take_back.TASK,
    refused_by_webhook.TASK,
    follows_another_branch.TASK,
)
