"""`python -m stripe_standin [PORT]`: serve until killed, or until whoever started it ends (a test that was killed could
not say so); the first line of output is the port.
"""

import os
import sys
import threading
import time

from stripe_standin.serve import make_server


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
server = make_server(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
print(server.server_address[1], flush=True)  # noqa: T201
server.serve_forever()
