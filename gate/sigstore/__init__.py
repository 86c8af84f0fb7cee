"""Sigstore without keys: what certificates, logs and timestamps prove about one signature, and whose it is."""
