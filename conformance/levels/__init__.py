"""The ways in which a controller is exercised: by one client, by several, step by step, with its copying withheld."""
