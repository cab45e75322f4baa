"""The modelling language and the catalogue of designs."""
