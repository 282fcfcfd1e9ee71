"""Become the server's account, ask to be signalled when the parent dies, and turn into PostgreSQL.

Run as a script between our process and the server, since nothing here may run in a fork of a threaded process.
The order matters: the kernel forgets the wish for a death signal when the account changes.
Arguments: uid, gid (-1 keeps the account), the expected parent, the signal, then the command.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Exec the command; never returns."""
    uid, gid, parent, death_signal = (int(text) for text in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise SystemExit("the kernel refused the parent death signal")
    if os.getppid() != parent:  # it died before the wish was heard
        raise SystemExit("the parent is gone")
    os.umask(0o077)
    os.chdir("/")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
