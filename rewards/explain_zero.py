"""Why did a creator get this, or nothing: what each rule of a program made of a day, a month or a sale of its.

A rule that paid is told as well: who asks why there is nothing sees what there is.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.read import require_creator
from catalog.tables import content
from core.errors import Invalid, NotFound
from core.settings import Settings
from rewards.explain_figures import Span
from rewards.explain_members import member_at, say_no_member
from rewards.explain_pool import period_of
from rewards.explain_rule import protection_story, rule_story
from rewards.explain_sale import Sale, no_touch, sale_of
from rewards.explain_shares import shares_story
from rewards.explain_story import NOTHING, Asked, Question, RuleStory, Story, outcome_of, told
from rewards.members import Interval, place_of
from rewards.programs import get_program
from rewards.rules import Rule, active_rules
from rewards.tables import membership


def explain_program(
    session: Session, program_id: str, question: Question, now: datetime, settings: Settings
) -> Story:
    """What each rule of the program made of what is asked about.

    Raises:
        NotFound: no such program, creator, content of the creator's, sale or rule.
        Invalid: `ask_for_one` (a day, a month or a sale), `product_missing`.
    """
    owner = get_program(session, program_id)
    _check(session, question)
    rules = active_rules(session, program_id)
    if question.rule is not None and question.rule not in {each.name for each in rules}:
        raise NotFound("not_found", f"The program has no active rule {question.rule!r}.")
    state = place_of(session, program_id, question.creator)
    intervals = _intervals(session, program_id, question.creator)
    asked = Asked(question, owner, rules, intervals, state.state if state else None, now, settings)
    return _of_sale(session, asked) if question.order is not None else _of_days(session, asked)


def _check(session: Session, question: Question) -> None:
    if [question.day, question.month, question.order].count(None) != 2:
        raise Invalid("ask_for_one", "Ask about one of `day`, `month`, or `order` with `product`.")
    if question.order is not None and question.product is None:
        raise Invalid("product_missing", "A sale is a product of an order.", pointer="/product")
    require_creator(session, question.creator)
    own = content.c.id == question.content, content.c.creator == question.creator
    if question.content is not None and session.execute(select(content.c.id).where(*own)).first() is None:
        raise NotFound("not_found", f"The creator has no content {question.content!r}.")


def _intervals(session: Session, program_id: str, creator: str) -> list[Interval]:
    m = membership.c
    mine = select(m.since, m.until).where(m.program == program_id, m.creator == creator)
    return [Interval(*row) for row in session.execute(mine.order_by(m.since, m.id))]


def _of_days(session: Session, asked: Asked) -> Story:
    question = asked.question
    first = question.day or question.month
    assert first is not None
    last = first if question.day else _last(first)
    span = Span(question.creator, first, last, question.content, question.product)
    standing = [each for each in asked.rules if _in_force(each, first)]
    here = [each for each in standing if (_grain(each) == "month") == (question.month is not None)]
    stories = [
        shares_story(session, asked, rule, period)
        if rule.pool is not None and (period := period_of(rule, first)) is not None
        else protection_story(session, asked, rule, span)
        if rule.protects
        else rule_story(session, asked, rule, span)
        for rule in _wanted(here, question)
    ]
    return _story(asked, first, standing, here, stories)


def _of_sale(session: Session, asked: Asked) -> Story:
    question = asked.question
    try:
        sale = sale_of(session, question, asked.owner.policy)
    except NotFound:
        if question.discreet:
            return _unknown(asked)
        raise
    first = sale.given.day
    standing = [each for each in asked.rules if _in_force(each, first)]
    here = [each for each in standing if each.grain == "sale" and each.pool is None]
    stories = [_sale_story(session, asked, rule, sale) for rule in _wanted(here, question)]
    if question.discreet and not sale.known and not any(each.keys for each in stories):
        return _unknown(asked)
    return _story(asked, first, standing, here, stories)


def _sale_story(session: Session, asked: Asked, rule: Rule, sale: Sale) -> RuleStory:
    question, given = asked.question, sale.given
    if not member_at(asked, rule, given.occurred_at):
        return told(rule, NOTHING, "not_enrolled", *say_no_member(asked, f"at the purchase on {given.day}"))
    if given.amount.currency != rule.currency:
        said = f"The sale is in {given.amount.currency} and the program in {rule.currency}."
        return told(rule, NOTHING, "other_currency", said)
    span = Span(question.creator, given.day, given.day, question.content, purchase=sale.purchase)
    found = rule_story(session, asked, rule, span)
    return found if found.keys else told(rule, sale.outcome, sale.reason, *sale.sentences)


def _unknown(asked: Asked) -> Story:
    return _told(asked, None, (NOTHING, "no_touch"), [no_touch(asked.question)], [], [])


def _story(
    asked: Asked, first: date, standing: Sequence[Rule], here: Sequence[Rule], stories: list[RuleStory]
) -> Story:
    if not standing:
        return _told(asked, None, (NOTHING, "no_version"), _say_versions(asked, first), [], [])
    told_of = {each.name for each in here}
    others = [{"rule": each.name, "ask_for": _grain(each)} for each in standing if each.name not in told_of]
    sentences = [
        f"Version {standing[0].version} of program {asked.owner.id} was in force on {first}.",
        *(f"Rule {each['rule']} is asked about by {each['ask_for']}." for each in others),
    ]
    outcome = outcome_of(stories)
    if not stories:
        outcome = NOTHING, "no_rule"
        sentences.append(f"It has no {asked.question.rule or 'other'} rule for what is asked about.")
    return _told(asked, standing[0].version, outcome, sentences, stories, others)


def _told(
    asked: Asked,
    version: int | None,
    outcome: tuple[str, str | None],
    sentences: list[str],
    rules: list[RuleStory],
    others: list[dict[str, str]],
) -> Story:
    question = asked.question
    return Story(
        program=asked.owner.id,
        creator=question.creator,
        day=question.day,
        month=f"{question.month:%Y-%m}" if question.month else None,
        order=question.order,
        product=question.product,
        version=version,
        outcome=outcome[0],
        reason=outcome[1],
        sentences=sentences,
        memberships=asked.intervals,
        rules=rules,
        other_rules=others,
    )


def _say_versions(asked: Asked, day: date) -> list[str]:
    starts = sorted({each.since for each in asked.rules})
    told_of = f"No version of program {asked.owner.id} was in force on {day}."
    return [told_of, f"Its first one starts on {starts[0]}." if starts else "None was ever activated."]


def _in_force(rule: Rule, day: date) -> bool:
    return rule.since <= day and (rule.until is None or day < rule.until)


def _grain(rule: Rule) -> str:
    """Is the rule asked about by day or by month?"""
    by_month = rule.pool.per == "month" if rule.pool else rule.grain == "creator_month"
    return "month" if by_month else "day"


def _wanted(rules: Sequence[Rule], question: Question) -> list[Rule]:
    return [each for each in rules if question.rule in (None, each.name)]


def _last(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
