"""What the store's crash tests run in a process of their own."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path

from engine.errors import StoreFailed
from engine.store.changes import Setting
from engine.store.store import Store
from tests.store.values import fill, order, trader

IN_FLIGHT = 20

processes = multiprocessing.get_context("forkserver")
# Children are forked with these imported, so each starts in milliseconds.
processes.set_forkserver_preload(["tests.store.desk_process", "engine.store.statements", "alembic.command"])


def write_for_ever(home: Path, database_url: str, run: int, acknowledged: Connection) -> None:
    """Write orders with their fills, telling each order's id once it is durable, until killed."""
    store = Store.open(home, database_url)
    store.write(trader()).result()
    number = 0
    while True:
        ids = [f"{run}-{number + offset}" for offset in range(IN_FLIGHT)]
        number += IN_FLIGHT
        waiting = [(order_id, store.write(order(order_id), fill(order_id))) for order_id in ids]
        for order_id, written in waiting:
            written.result()
            acknowledged.send_bytes(order_id.encode())


def fill_the_disk(home: Path, told: Connection) -> None:
    """Write until no file may grow, then lift the limit and write again; tell what happened."""
    store = Store.open(home)
    store.write(trader(), order("before")).result()
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, most))
    try:
        asyncio.run(store.journal(order("too much"), Setting(key="big", value="x" * 1_000_000)))
        told.send("written")
    except StoreFailed as failure:
        told.send(failure.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    store.write(order("after")).result()
    told.send(sorted(each.client_order_id for each in store.restore().open_orders))
    store.close()
