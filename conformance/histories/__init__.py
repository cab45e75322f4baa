"""What was done to a controller, and the judge of it on intervals of one clock."""
