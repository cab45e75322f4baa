"""The suite under pytest and under `conform`: which controller, how it is run, what is reported."""
