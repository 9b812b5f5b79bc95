"""Mutation testing of the derivative rules: mutate.py is the command."""
