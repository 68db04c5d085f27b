"""Who may see what, at what detail: pure functions without files and without a clock."""
