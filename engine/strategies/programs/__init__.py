"""Program strategies: untrusted Python in a sandbox host process."""
