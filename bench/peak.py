"""A command's seconds and the most memory that it took."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

# A process of its own counts: a child is charged with what its parent held when it was forked, and we hold much.
_COUNT = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=sys.stderr);"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)
_UNIT = 1 if sys.platform == "darwin" else 1024


def peak(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, int]:
    """Seconds and bytes.

    Raises:
        CalledProcessError: the command's exit code is not 0.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _COUNT, *command], env=environ, stdout=subprocess.PIPE, check=True
    )
    return time.perf_counter() - began, int(done.stdout) * _UNIT
