"""The usual way of a run, so that a seed sees many: people and jobs one after the other, trouble in between."""

from sim_bank import executed, file_made, imported
from sim_people import approved, drafted, earned
from sim_trouble import faults, refusal
from sim_workers import drafting, looking, sending, sending_by_hand
from sim_world import World


def journey(world: World) -> str:
    """From what is earned to what is paid; each part may be left out, and is then done later or never."""
    told = []
    for part, verb in (
        (0.7, earned),
        (1.0, drafted),
        (0.95, drafting),
        (0.9, approved),
        (0.35, faults),
        (0.08, refusal),
        (0.8, sending),
        (0.3, looking),
        (0.5, file_made),
        (0.3, sending_by_hand),
        (0.3, executed),
        (0.2, imported),
    ):
        if world.chance(part):
            told.append(f"{verb.__name__}: {verb(world)}")
    return "\n       ".join(told)
