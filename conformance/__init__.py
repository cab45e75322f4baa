"""The suite that holds a real controller to the model's properties.

```
pytest --pyargs splitproof.conformance --controller mypackage.adapter:make
splitproof conform mypackage.adapter:make --report html=report.html
```
What a vendor's adapter needs is here; nothing of it loads pytest or Hypothesis.
"""

from splitproof.conformance.histories.history import (
    History,
    Operation,
    Outcome,
    Recorder,
    load_history,
    save_history,
)
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.observation import Observation, judge, judge_step
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    Controller,
    Indefinite,
    PairViews,
    Rejected,
    Unsupported,
)
from splitproof.conformance.protocol.serve import serve
from splitproof.spec.vocabulary import PairState

__all__ = [
    "BackupState",
    "BackupStatus",
    "Capabilities",
    "Controller",
    "History",
    "Indefinite",
    "Observation",
    "Operation",
    "Outcome",
    "PairState",
    "PairViews",
    "Recorder",
    "Rejected",
    "Unsupported",
    "judge",
    "judge_history",
    "judge_step",
    "load_history",
    "save_history",
    "serve",
]
