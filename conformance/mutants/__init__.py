"""Controllers that must not pass, and which test catches which."""
