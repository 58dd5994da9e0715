"""Scores, categories and verdicts of the Social Protection Committee and the Joint Employment Report.

A profile (``parameters/profiles/``) says which year is judged, against what
reference, with which cut-offs; :mod:`reporting.spc.scoring` applies it to all
indicators and countries at once.
"""
