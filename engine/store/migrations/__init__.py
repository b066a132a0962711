"""The schema's revisions, oldest first, and the way from any of them to the newest.

A database that is already at `HEAD` is recognised with one plain query; Alembic and SQLAlchemy are
imported only when there is something to migrate.
"""

from __future__ import annotations

import threading
from pathlib import Path

from engine.errors import StoreFailed
from engine.store.database import Database

REVISIONS = ("0001", "0002", "0003", "0004")
HEAD = REVISIONS[-1]

_one_at_a_time = threading.Lock()


def read_revision(database: Database) -> str | None:
    """Return the revision of a database's schema, None for an empty database."""
    with database.connect() as connection:
        if not connection.rows(database.table_query, "alembic_version"):
            return None
        found = connection.rows("SELECT version_num FROM alembic_version")
    revision = str(found[0][0]) if found else None
    if revision is not None and revision not in REVISIONS:
        raise StoreFailed(
            f"the database has schema {revision}, which this nightdesk (schema {HEAD}) does not know; "
            "install the newer nightdesk that wrote it",
            found=revision,
            known=HEAD,
        )
    return revision


def migrate(database: Database, revision: str = HEAD) -> None:
    """Bring a database up to a revision; does nothing, and imports nothing, when it is at `HEAD`."""
    with _one_at_a_time:
        if read_revision(database) == HEAD:
            return
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        engine = database.engine(for_writing=True)
        try:
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        finally:
            engine.dispose()
