"""Reading a PDF in tests with a program that did not write it."""

import ctypes
from contextlib import closing

import pypdfium2


def texts(pdf):
    """Give the text of each page."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        found = []
        for page in document:
            layer = page.get_textpage()
            found.append(layer.get_text_range())
            layer.close()
            page.close()
        return found


def facts(pdf):
    """Give title, language, whether it is tagged, and the version."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        size = pypdfium2.raw.FPDFCatalog_GetLanguage(document, None, 0)
        held = ctypes.create_string_buffer(size)
        pypdfium2.raw.FPDFCatalog_GetLanguage(document, _wide(held), size)
        return {
            **document.get_metadata_dict(),
            "tagged": bool(pypdfium2.raw.FPDFCatalog_IsTagged(document)),
            "language": held.raw.decode("utf-16-le").rstrip("\0"),
        }


def _wide(held):
    return ctypes.cast(held, ctypes.POINTER(ctypes.c_ushort))
