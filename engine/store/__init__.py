"""Everything that survives a restart: tables, migrations, one writer thread, the lock on the home."""
