"""`python -m stripe_standin [PORT]`: serve until killed; the first line of output is the port."""

import sys

from stripe_standin.serve import make_server

server = make_server(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
print(server.server_address[1], flush=True)  # noqa: T201
server.serve_forever()
