"""The parts of the seeded script that makes the synthetic partnership's data; nobody in it exists."""
