"""Places: grid and coverage, hot spots and who shares them, other lenses, recording practice, buildings, evaluation."""
