"""Where a controller is tested: every call is checked, limited in time and recorded; what a run came to."""
