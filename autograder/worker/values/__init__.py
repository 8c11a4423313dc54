"""Encode and decode values beyond the built-in types, one module per kind."""
