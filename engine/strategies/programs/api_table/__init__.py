"""The one table of what a program is given: its `data`, its `Decision`, and its language.

The editor's checks, the type stub and the tables of the guide are all made from it. Types are
written as a program's author would annotate them; nothing here is heavy to import.
"""
