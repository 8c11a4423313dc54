"""Encode and decode values of libraries and of the standard library, one module per group of types."""
