"""The code that runs in forked processes, next to a student's code.

Of this package it imports only `sandbox`.
"""
