"""Secrets in memory: values that never show, and their removal from any text that leaves the desk."""
