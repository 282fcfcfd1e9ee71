"""The page says what the code does."""

from draw_states import PAGE, page

from bounties.states import BOUNTY, BOUNTY_STATES, CLAIM, CLAIM_STATES


def test_the_states_in_the_docs_are_drawn_from_the_code() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "run python tests/bounties/draw_states.py"


def test_every_state_is_reached_and_no_other() -> None:
    for moves, states in ((BOUNTY, BOUNTY_STATES), (CLAIM, CLAIM_STATES)):
        reached = {state for move in moves for state in move.after}
        assert reached | {"draft"} >= set(states) and reached <= set(states)
        assert {state for move in moves for state in move.before} <= set(states)
