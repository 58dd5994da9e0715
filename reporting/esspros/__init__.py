"""The ESSPROS collection: classification, schemes, the questionnaire in and out, and what is checked in it."""
