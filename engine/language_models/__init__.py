"""Language models: the chat-completions client, the vendors, and who may ask how often."""
