"""How fast partners act: their promises and what they did, put on one clock; and the joint plan for one person."""
