"""The vault: keys sealed under a passphrase, opened for as long as the desk runs."""
