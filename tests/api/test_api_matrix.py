"""Who may do what, written by hand: every operation times every role times own or another's."""

import pytest
from api_market import ROLES, Market
from api_requests import REQUESTS, operations, picture, send

# A letter a role, in the order platform, operator, finance, seller, creator, auditor; a dot: may not.
# A small letter: only its own, and another's answers as if it did not exist.
MATRIX = """
PUT    /creators/<id>                               P.....
GET    /creators/<id>                               POFSCA
GET    /creators                                    POFSCA
PUT    /sellers/<id>                                P.....
GET    /sellers/<id>                                POFSCA
GET    /sellers                                     POFSCA
PUT    /products/<id>                               P.....
GET    /products/<id>                               POFSCA
GET    /products                                    POFSCA
PUT    /contents/<id>                               P.....
GET    /contents/<id>                               POFSCA
GET    /contents                                    POFSCA
DELETE /contents/<id>                               P.....
PUT    /follows/<viewer>/<creator>                  P.....
DELETE /follows/<viewer>/<creator>                  P.....
PUT    /likes/<viewer>/<content>                    P.....
DELETE /likes/<viewer>/<content>                    P.....
POST   /catalog                                     P.....
POST   /events                                      P.....
GET    /events/<id>                                 POF..A
GET    /events                                      POF..A
GET    /batches                                     POF..A
GET    /batches/<id>                                POF..A
GET    /sales/<order>/<product>/attribution         POF..A
GET    /reports/attribution                         POF..A
GET    /suspects                                    POF..A
POST   /suspects/decide                             .O....
POST   /suspects/<id>/confirm                       .O....
POST   /suspects/<id>/clear                         .O....
POST   /programs                                    .O....
GET    /programs                                    POF.CA
GET    /programs/<id>                               POF.CA
PUT    /programs/<id>/joining                       .O....
POST   /programs/<id>/versions                      .O....
GET    /programs/<id>/versions                      POF.CA
GET    /programs/<id>/versions/<int:n>              POF.CA
GET    /programs/<id>/versions/<int:n>/diff         POF.CA
POST   /programs/<id>/versions/<int:n>/activate     .O....
POST   /programs/<id>/versions/<int:n>/approve      .O....
POST   /programs/<id>/backtest                      .O....
GET    /programs/<id>/backtests                     .OF..A
GET    /backtests/<id>                              .OF..A
GET    /backtests/<id>/compare                      .OF..A
GET    /programs/<id>/explain                       POF.cA
POST   /programs/<id>/enrolments                    .O..C.
GET    /programs/<id>/pools                         POF.CA
GET    /programs/<id>/pools/<rule>/<period>         POF.CA
GET    /programs/<id>/enrolments                    .OF.CA
GET    /enrolments/<id>                             .OF.cA
POST   /enrolments/<id>/approve                     .O....
POST   /enrolments/<id>/reject                      .O....
POST   /enrolments/<id>/suspend                     .O....
POST   /enrolments/<id>/reactivate                  .O....
POST   /enrolments/<id>/leave                       ....c.
POST   /formulas/check                              POFSCA
POST   /formulas/evaluate                           POFSCA
POST   /policies                                    .O....
GET    /policies                                    POF..A
GET    /policies/<id>                               POF..A
POST   /funds                                       .O....
GET    /funds                                       .OF..A
GET    /funds/<id>                                  .OF..A
POST   /funds/<id>/deposits                         ..F...
GET    /funds/<id>/deposits                         .OF..A
POST   /funds/<id>/lines                            .O....
POST   /funds/<id>/transfers                        .O....
GET    /funds/<id>/transfers                        .OF..A
GET    /funds/<id>/transfers/<transfer>             .OF..A
POST   /funds/<id>/transfers/<transfer>/approve     .OF...
POST   /funds/<id>/transfers/<transfer>/decline     .OF...
POST   /funds/<id>/lines/<line>/grants              .O....
GET    /funds/<id>/lines/<line>/grants              .OF..A
GET    /grants/<id>                                 .OF..A
POST   /grants/<id>/approve                         .OF...
POST   /grants/<id>/decline                         .OF...
GET    /funds/<id>/burn-down                        .OF..A
POST   /sellers/<id>/deposits                       ..F...
GET    /sellers/<id>/deposits                       .OFs.A
GET    /sellers/<id>/balance                        .OFs.A
POST   /sellers/<id>/top-ups                        ..Fs..
GET    /sellers/<id>/top-ups                        .OFs.A
GET    /sellers/<id>/top-ups/<top_up_id>            .OFs.A
POST   /creators/<id>/onboarding-link               ..F.c.
GET    /creators/<id>/provider-account              .OF.cA
GET    /creators/<id>/provider-payouts              .OF.cA
GET    /provider-events                             .OF..A
GET    /provider-events/<id>                        .OF..A
GET    /payout-settings                             .OF..A
PUT    /payout-settings                             ..F...
POST   /payout-runs                                 ..F...
GET    /payout-runs                                 .OF..A
GET    /payout-runs/<id>                            .OF..A
POST   /payout-runs/<id>/approve                    ..F...
POST   /payout-runs/<id>/cancel                     ..F...
GET    /payout-runs/<id>/register                   ..F...
POST   /payout-runs/<id>/files                      ..F...
GET    /files                                       .OF..A
GET    /files/<id>                                  ..F...
POST   /statements                                  ..F...
GET    /statements                                  .OF..A
GET    /statements/<id>                             .OF..A
GET    /bank-lines                                  .OF..A
POST   /bank-lines/<id>/explain                     ..F...
GET    /payouts                                     .OF..A
GET    /payouts/<id>                                .OF.cA
POST   /payouts/<id>/hold                           ..F...
POST   /payouts/<id>/release                        ..F...
POST   /payouts/<id>/cancel                         ..F...
POST   /payouts/<id>/settle                         ..F...
GET    /payouts/<id>/attempts                       .OF..A
GET    /payouts/<id>/reversals                      .OF..A
POST   /payouts/<id>/reverse                        ..F...
POST   /payouts/<id>/resolve                        ..F...
GET    /creators/<id>/balance                       POF.cA
GET    /creators/<id>/earnings                      POF.cA
GET    /creators/<id>/rewards                       POF.cA
GET    /rewards/<id>                                POF.cA
GET    /rewards/<id>/explain                        POF.cA
GET    /creators/<id>/statement                     POF.cA
GET    /creators/<id>/payouts                       POF.cA
GET    /creators/<id>/payee                         ..F.cA
PUT    /creators/<id>/payee                         ..F.c.
POST   /creators/<id>/payee/verify                  ..F...
POST   /creators/<id>/payee/hold                    ..F...
POST   /creators/<id>/payee/release                 ..F...
GET    /creators/<id>/receipts                      .OF.cA
GET    /receipts/overdue                            .OF..A
POST   /payouts/<id>/receipt                        ..F...
GET    /withholdings                                .OF..A
POST   /withholdings                                ..F...
GET    /ledger/accounts                             .OF..A
GET    /ledger/accounts/<code>/postings             .OF..A
GET    /ledger/entries/<id>                         .OF..A
POST   /ledger/entries                              .O....
GET    /ledger/adjustments                          .OF..A
GET    /ledger/adjustments/<id>                     .OF..A
POST   /ledger/adjustments/<id>/approve             .OF...
POST   /ledger/adjustments/<id>/reject              .OF...
GET    /ledger/trial-balance                        .OF..A
GET    /ledger/verify                               .OF..A
GET    /ledger/findings                             .OF..A
GET    /ledger/findings/<id>                        .OF..A
POST   /ledger/acknowledge                          .OF...
GET    /ledger/seals                                .OF..A
GET    /ledger/seals/<int:n>                        .OF..A
GET    /ledger/seals/<int:n>/proof                  .OF..A
GET    /ledger/seal-keys                            .OF..A
GET    /ledger/accounts/<code>/balance              .OF..A
GET    /ledger/accounts/<code>/statement            .OF..A
POST   /ledger/periods/<period>/close               ..F...
GET    /ledger/periods                              .OF..A
GET    /ledger/periods/<period>                     .OF..A
GET    /ledger/export                               .OF..A
GET    /reports/payouts                             .OF..A
GET    /reports/tax                                 .OF..A
GET    /reports/earnings                            .OF..A
GET    /reports/fund                                .OF..A
POST   /bounties                                    ...S..
PATCH  /bounties/<id>                               ...s..
GET    /bounties                                    POFSCA
GET    /bounties/<id>                               POFsCA
GET    /sellers/<id>/bounty-counts                  .OFs.A
POST   /bounties/<id>/open                          ...s..
POST   /bounties/<id>/close                         ...s..
POST   /bounties/<id>/cancel                        ...s..
POST   /bounties/<id>/claims                        ....C.
GET    /bounties/<id>/claims                        .OFsCA
GET    /creators/<id>/claims                        .OF.cA
GET    /claims/<id>                                 .OFscA
POST   /claims/<id>/submit                          ....c.
POST   /claims/<id>/token                           ...sc.
POST   /claims/<id>/withdraw                        ....c.
POST   /claims/<id>/dispute                         ....c.
POST   /claims/<id>/approve                         ...s..
POST   /claims/<id>/reject                          ...s..
POST   /claims/<id>/request-changes                 ...s..
POST   /claims/<id>/resolve                         .O....
POST   /bounty-fees                                 ..F...
GET    /bounty-fees                                 POFSCA
POST   /sellers/<id>/withdrawals                    ..Fs..
GET    /sellers/<id>/withdrawals                    .OFs.A
POST   /withdrawals/<id>/settle                     ..F...
GET    /sellers/<id>/statement                      .OFs.A
GET    /reports/advertising                         .OF..A
GET    /reconciliation                              .OF..A
POST   /reconciliation/<id>/resolve                 ..F...
"""
ROWS = {" ".join(row.split()[:2]): row.split()[2] for row in MATRIX.strip().splitlines()}
OPERATORS = {  # an operator names whom it enrols, and cannot acknowledge what finance did
    "POST /programs/<id>/enrolments": {"creator": "c3"},
    "POST /ledger/acknowledge": {"finding": "{fnd_other}", "reason": "a"},
}
# What one role has decided, another one cannot decide again.
ANOTHER = {
    "operator": {"{adj_large}": "{adj_larger}", "{ftr_open}": "{ftr_other}", "{fgr_open}": "{fgr_other}"}
}


def test_a1_the_matrix_has_a_row_for_every_operation_and_no_other() -> None:
    assert sorted(ROWS) == sorted(operations())


@pytest.mark.parametrize("name", ROWS)
def test_a1_every_role_gets_what_the_matrix_says(market: Market, name: str) -> None:
    valid, cells = REQUESTS[name], dict(zip(ROLES, ROWS[name], strict=True))
    before = picture(market.engine)
    for role, cell in cells.items():
        if cell == ".":
            answer = send(market, name, role=role)
            assert (answer.status_code, answer.json["code"]) == (403, "role_may_not"), (role, answer.text)
        elif cell.islower():
            assert valid.foreign and send(market, name, role=role, path=valid.foreign).status_code == 404
    for key in (None, "nobody"):
        assert send(market, name, role=role, authorization=key and f"Bearer {key}").status_code == 401
    after = picture(market.engine)
    if name.startswith("POST") and name in OWNED:  # the refusal is kept for its key
        del before["idempotency"], after["idempotency"]
    assert after == before

    for role, cell in cells.items():
        if cell == ".":
            continue
        who = valid.role if valid.role.startswith(role) else role
        body = {"json": OPERATORS[name]} if role == "operator" and name in OPERATORS else {}
        path = valid.path
        for decided, other in ANOTHER.get(role, {}).items():
            path = path.replace(decided, other)
        answer = send(market, name, role=who, path=path, **body)
        assert answer.status_code == valid.status, (role, answer.text)


OWNED = [name for name, row in ROWS.items() if any(cell.islower() for cell in row)]


@pytest.mark.parametrize("name", OWNED)
def test_a2_anothers_object_answers_exactly_as_one_that_does_not_exist(market: Market, name: str) -> None:
    valid = REQUESTS[name]
    assert valid.foreign and valid.missing
    foreign = send(market, name, path=valid.foreign)
    missing = send(market, name, path=valid.missing)
    assert foreign.status_code == missing.status_code == 404
    varying = {"instance", "request_id"}
    assert {k: v for k, v in foreign.json.items() if k not in varying} == {
        k: v for k, v in missing.json.items() if k not in varying
    }
    assert set(foreign.headers.keys()) == set(missing.headers.keys())


def test_a2_a_creator_finds_only_itself_in_lists(market: Market) -> None:
    mine = market.call.ok("creator", "GET", "/v1/programs/club/enrolments")["data"]
    assert {each["creator"] for each in mine} == {"c1"}
    assert len(market.call.ok("operator", "GET", "/v1/programs/club/enrolments")["data"]) == 4
    answer = market.call("creator", "POST", "/v1/programs/door/enrolments", {"creator": "c2"})
    assert answer.status_code == 422


def test_a4_bank_data_are_masked_for_everyone_over_http(market: Market) -> None:
    for role in ("finance", "auditor", "creator"):
        shown = market.call.ok(role, "GET", "/v1/creators/c1/payee")
        assert shown["destination"] == {"account": "****************0001"}
