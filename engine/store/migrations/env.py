"""Alembic's entry point: runs the revisions on the connection that `migrate` hands over.

The whole upgrade is one transaction on both databases: a desk killed in the middle of it finds the
old schema again.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
