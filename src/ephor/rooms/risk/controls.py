"""The controls that lower a risk, and by how much once there is evidence that they work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to do about a risk; ``likelihood`` and ``impact`` are the points that proof of it takes off."""

    id: str
    text: str
    likelihood: int = 0
    impact: int = 0


CONTROLS: Mapping[str, Control] = MappingProxyType(
    {
        control.id: control
        for control in (
            Control(
                "human-approval", "have a person approve every external or irreversible call beforehand", 1, 1
            ),
            Control("bounded-autonomy", "lower the autonomy level, or limit how much one run may do", 1, 1),
            Control("sandbox", "run tools that reach outside in a sandbox with listed destinations only", 1),
            Control("oversight", "name the people who watch the agent, and train them", 1),
            Control(
                "stop-drill",
                "state how the agent is stopped, and drill it with measured time to effect",
                0,
                1,
            ),
            Control("safety-test", "test behaviour on dangerous and unusual cases before each release", 1, 1),
            Control("pii-masking", "find and mask personal data in arguments and results", 1, 1),
            Control(
                "data-minimisation", "take away every data category and tool the purpose does not need", 1
            ),
            Control(
                "phi-handling",
                "handle health data under the HIPAA Security Rule's safeguards (45 CFR 164.302 to 318)",
                1,
                1,
            ),
            Control(
                "impact-assessment", "complete a data protection impact assessment (GDPR, Article 35)", 1
            ),
            Control("data-inventory", "state which categories of data the agent handles"),
            Control("access-review", "review roles, tools and ceilings; keep the least that works", 1),
            Control(
                "injection-test", "test against prompt injection through every input strangers can write", 1
            ),
            Control("egress-limit", "limit what can leave: destinations, amounts, data", 0, 1),
            Control(
                "secret-vault", "keep credentials out of the agent's reach; let the tool hold them", 0, 1
            ),
            Control("delegation-limit", "limit depth and scope of delegation, and log every hop", 1),
            Control("bias-test", "test outcomes by group before release and every quarter", 1),
            Control(
                "human-decision",
                "leave the decision to a person who can and does depart from the output",
                1,
                1,
            ),
            Control("contest", "give those affected an explanation and a way to contest the outcome", 0, 1),
            Control("disclosure", "tell people that they deal with an AI system (AI Act, Article 50(1))", 2),
            Control("content-marking", "mark generated content as such (AI Act, Article 50(2) and (4))", 1),
            Control("model-card", "name the models, and keep a card for each", 1),
            Control("log-review", "review the agent's ledger every month", 1),
        )
    }
)
"""Every control by its id. Evidence names these ids."""
