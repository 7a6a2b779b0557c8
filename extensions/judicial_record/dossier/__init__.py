"""The dossier: an application for a certificate as a Task, from submission to delivery."""
