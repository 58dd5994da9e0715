"""The collection of a country that does not exist, to try everything with.

Veldania (``XX``) and its schemes are invented, and so are its figures: no country
has them. Its numeric codes are illustrative: they follow the pattern of the
collection's seven figures, and are not Eurostat's list.
"""
