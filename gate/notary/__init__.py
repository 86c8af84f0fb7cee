"""Docker Content Trust: what a Notary server's files prove about the tags of one repository, from a pinned root on."""
