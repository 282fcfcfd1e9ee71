"""What the service's jobs do, each call one step of one of two processes, which may die, be cut off or be held up."""

from collections.abc import Callable
from datetime import timedelta

from sim_stripe import Died
from sim_world import World

from core.errors import KopeckError
from jobs import (
    draft_payouts,
    look_up,
    reconcile,
    schedule_payouts,
    send_payouts,
    send_stripe,
    stripe_events,
    stripe_poll,
)
from jobs.job import Job
from payouts.attempt import BEGIN_WITHIN
from payouts.stripe.events import parse_event, receive

PASSING = ("database_unavailable", "stripe_unavailable", "reconciliation_open", "too_busy", "stripe_refused")


def run(world: World, job: Job, *, calm: bool = False) -> str:
    """One step; what it counted, or how it ended."""
    second = world.chance(0.4)
    world.calls = 0
    if not calm and not world.deep:
        _draw(world)
    try:
        told = str(job.step(world.context(second)))
    except Died:
        told = "died"
    except KopeckError as error:
        if error.code not in PASSING:
            raise
        told = error.code
    world.pauses.clear()
    world.database.cut = ""
    world.met[f"{job.name} {told if told in PASSING or told == 'died' else 'ran'}"] += 1
    return told


def _draw(world: World) -> None:
    """What happens to this worker, and when."""
    when, call = world.random.choice(["before", "after"]), world.random.choice([1, 1, 2, 3])
    dice = world.random.random()
    if dice < 0.12:
        world.pauses = [(when, call, lambda: _die(world))]
    elif dice < 0.3:
        world.pauses = [(when, call, lambda: _meanwhile(world, when))]
    elif dice < 0.42:
        moment = world.random.choice(["statement", "before_commit", "after_commit"])
        world.database.cut_later(moment, world.random.randint(1, 30 if moment == "statement" else 6))


def _die(world: World) -> bool:
    world.met["died in a call"] += 1
    raise Died


def _meanwhile(world: World, when: str) -> bool:
    """The worker is held up while others go on. When its lease is nearly over it may not begin a call any more."""
    from sim_program import draw_step  # noqa: PLC0415  (what happens meanwhile is anything)

    begin = world.now
    if world.chance(0.6):
        world.jump(timedelta(seconds=world.random.randint(61, 200)))
    world.deep = True
    calls, pauses, world.pauses = world.calls, world.pauses, []
    try:
        for _ in range(world.random.randint(1, 4)):
            draw_step(world)
    finally:
        world.deep, world.calls, world.pauses = False, calls, pauses
    world.met[f"held up {when}"] += 1
    return when == "before" and (world.now - begin).total_seconds() > BEGIN_WITHIN


def drafting(world: World) -> str:
    return run(world, draft_payouts.JOB)


def asking(world: World) -> str:
    return run(world, schedule_payouts.JOB)


def sending(world: World) -> str:
    return run(world, send_stripe.JOB)


def sending_by_hand(world: World) -> str:
    return run(world, send_payouts.JOB)


def looking(world: World) -> str:
    return run(world, look_up.JOB)


def handling(world: World) -> str:
    return run(world, stripe_events.JOB)


def polling(world: World) -> str:
    return run(world, stripe_poll.JOB)


def reconciling(world: World) -> str:
    return run(world, reconcile.JOB)


def delivered(world: World, chosen: list[dict[str, object]] | None = None) -> str:
    """Webhooks: some of all events there ever were, in any order, some twice."""
    import msgspec  # noqa: PLC0415

    events = world.stripe.events
    if chosen is None:
        chosen = [each for each in events if world.chance(world.random.choice([0.1, 0.5]))]
        chosen += [each for each in chosen if world.chance(0.2)]
        world.random.shuffle(chosen)
    for each in chosen:
        event, whole = parse_event(msgspec.json.encode(each))
        world.ask(receive, event, whole, world.settings, world.now)
    return f"{len(chosen)} of {len(events)}"


JOBS: tuple[Callable[[World], str], ...] = (
    drafting,
    asking,
    sending,
    sending_by_hand,
    looking,
    handling,
    polling,
    reconciling,
)
