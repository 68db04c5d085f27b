"""Native readings placed on the common scale. Records become arrays here, at this room's door, and nowhere else."""
