"""The tools of the assistants, one file a group: what they read of the desk, and what they propose."""
