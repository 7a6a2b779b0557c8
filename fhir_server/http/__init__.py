"""The door; the only importer of fastapi and starlette."""
