"""Assistants: chats with a model that reads the desk through tools and may only propose to change it."""
