"""Checking a certificate from outside: verify, disclose, the holder's passcodes."""
