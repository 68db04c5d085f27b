"""From weighed rows to scores with their doubts and reasons. Nothing here decides about a person."""
