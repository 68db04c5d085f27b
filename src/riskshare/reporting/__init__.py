"""Results in words and pictures, for a named practitioner at the screen."""
