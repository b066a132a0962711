"""A Ray cluster of two workers with a client server at the port given, until stdin ends."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main() -> None:
    ray_client: Any = import_module("ray.util.client.server.server")
    server, _ = ray_client.init_and_serve(
        "127.0.0.1", int(sys.argv[1]), address="local", num_cpus=2, include_dashboard=False
    )
    print("ready", flush=True)
    sys.stdin.read()
    ray_client.shutdown_with_server(server)


if __name__ == "__main__":
    main()
