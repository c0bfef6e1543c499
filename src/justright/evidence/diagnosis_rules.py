"""All rules of a diagnosis: one condition and one sign each, pure functions of a reading.

Thresholds were set between what the trainings of the tuning half of `benchmarks/bed` show with
and without the condition; docs/diagnosis.md says how often that is wrong on the other half.
"""

from __future__ import annotations

from justright.evidence import diagnosis_fit, diagnosis_rows, diagnosis_steps
from justright.evidence.diagnosis_sign import Rule

RULES: tuple[Rule, ...] = (
    diagnosis_rows.rows_in_both_parts,
    diagnosis_rows.target_among_inputs,
    diagnosis_rows.validation_follows_training,
    diagnosis_steps.diverged,
    diagnosis_steps.worse_than_guessing,
    diagnosis_steps.blew_up,
    diagnosis_steps.smaller_rate_fits_better,
    diagnosis_steps.oscillating,
    diagnosis_rows.fitted_but_at_chance,
    diagnosis_rows.validation_never_moves,
    diagnosis_fit.validation_loss_rises,
    diagnosis_fit.large_gap,
    diagnosis_fit.others_learn_more,
    diagnosis_fit.not_finished,
    diagnosis_fit.both_poor,
    diagnosis_fit.few_validation_rows,
)
