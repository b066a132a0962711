"""Prompt strategies: templates, the chat-completions client, the built-in rules model."""
