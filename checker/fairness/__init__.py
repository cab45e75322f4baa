"""Fair runs: where one can stay for ever, and the lasso that tells it."""
