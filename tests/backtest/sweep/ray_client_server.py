"""A Ray cluster of two workers with a client server at the port given, until stdin ends."""

from __future__ import annotations

import sys


def main() -> None:
    from ray.util.client.server.server import init_and_serve, shutdown_with_server

    server, _ = init_and_serve(
        "127.0.0.1", int(sys.argv[1]), address="local", num_cpus=2, include_dashboard=False
    )
    print("ready", flush=True)
    sys.stdin.read()
    shutdown_with_server(server)


if __name__ == "__main__":
    main()
