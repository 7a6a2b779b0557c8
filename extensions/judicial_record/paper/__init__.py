"""The certificate on paper: the page, its QR codes, the signature in the PDF."""
