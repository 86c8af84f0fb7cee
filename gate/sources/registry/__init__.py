"""Implementations, one file each."""
