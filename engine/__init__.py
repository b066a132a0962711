"""nightdesk engine: the desk without a screen."""
