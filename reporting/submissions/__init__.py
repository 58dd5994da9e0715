"""The door to who collects: SDMX files of a checked collection, pre-checked and packaged whole or not at all."""
