"""Histories of controllers for people to look at: who called what when, what the tape holds, and why that is wrong."""
