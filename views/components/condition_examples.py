"""Conditions to begin with; each is valid as it stands."""

from __future__ import annotations

EXAMPLES = {
    "Fainter than 19.5 mag": "candidate.magpsf > 19.5;",
    "More than 2″ from the next source of the reference image": "candidate.distnr > 2;",
    "Deep-learning real-bogus score above 0.9": "candidate.drb > 0.9;",
    "Likely a supernova Ia": "rf_snia_vs_nonia > 0.5;\nsnn_snia_vs_nonia > 0.5;",
    "Brightened a lot beside a source": (
        "(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);"
    ),
    "Detected in red before": "exists(prv_candidates, p -> p.fid = 2 AND p.magpsf IS NOT NULL);",
    "Several at once, with comments": """\
-- Magnitude bigger than 19.5
candidate.magpsf > 19.5;
-- at least 2'' away to nearest ZTF reference source
candidate.distnr > 2;
(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);
rf_snia_vs_nonia > 0.5; snn_snia_vs_nonia > 0.5;""",
}
