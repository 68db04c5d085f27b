"""The one composition of sharing: a result in, what one recipient may have of it out. Logged before it exists."""
