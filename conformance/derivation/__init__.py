"""From counterexamples of the model to schedules for real controllers."""
