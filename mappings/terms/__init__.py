"""Words the national documents share: identifiers, codes, dates, names, places."""
