"""The OCI and Docker formats: digests, references, manifests, indexes, configurations. Pure."""
