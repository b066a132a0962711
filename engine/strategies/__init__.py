"""What decides: programs in a sandbox, prompts to language models, one validated decision."""
