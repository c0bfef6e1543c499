"""Trainings of known condition: what `jr.diagnose` is tuned on, and what it is judged on."""
