"""Engines that decide whether a design keeps its properties."""
