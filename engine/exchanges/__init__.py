"""Venues: the protocol they speak, the only fill rules, and the paper exchange made of them."""
