"""Exports: a design as a model for an independent checker, or its state graph as a picture."""
