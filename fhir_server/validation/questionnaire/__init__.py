"""Questionnaires, and whether a QuestionnaireResponse answers what its Questionnaire asks."""
