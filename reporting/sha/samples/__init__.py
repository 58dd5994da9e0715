"""The health accounts of Veldania, a country that does not exist: every figure is invented."""
