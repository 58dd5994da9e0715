"""Health accounts (SHA 2011): the tables of the joint questionnaire, their checks and their reconciliation."""
