import sys; sys.path.insert(0,'/work/main/tests/attribution')
import time, pytest
from attribution_market import *
import test_attribution_oracle as o
@pytest.mark.parametrize("seed", range(100,150))
def test_seeds(engine, seed): o.test_the_database_agrees_with_plain_python(engine, seed)
def test_chain(engine):
    stock(engine); send(engine,[purchase("b","o",quantity=1000000,amount="900000.00")])
    for n in (5000, 20000):
        t=time.perf_counter(); r=send(engine,[refund(f"x{n}-{i}","o",quantity=1) for i in range(n)]); print(n, time.perf_counter()-t, counts(r), file=sys.__stderr__)
