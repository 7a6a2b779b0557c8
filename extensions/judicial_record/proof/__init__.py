"""What proves a certificate: canonical bytes, signature, keys, status list, log, and the check."""
