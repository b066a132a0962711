"""What lies between Textual and the terminal: an encoder that sends only what differs."""
