"""What articles are about: by word lists and by a model."""
