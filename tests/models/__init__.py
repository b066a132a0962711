"""Wire-level simulators of model servers."""
