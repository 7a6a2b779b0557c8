"""What becomes of terms: days that change, dossiers that are late, how much is done in time."""
