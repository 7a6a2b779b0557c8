"""The certificate: what each form shows, its number, its issue, what it looks like elsewhere."""
