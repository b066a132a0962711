"""Every attack in one table; the 48 are those of the design, the others came with what was built since."""

from __future__ import annotations

from tests.strategies.programs.attacks.denials_of_service import DENIALS_OF_SERVICE, PERSISTENCE
from tests.strategies.programs.attacks.machine_attacks import (
    FILES,
    JAIL,
    NATIVE_CRASHES,
    NETWORK,
    PROCESSES,
)
from tests.strategies.programs.attacks.reply_attacks import REPLIES
from tests.strategies.programs.attacks.volume_attacks import VOLUME_ATTACKS
from tests.strategies.programs.attacks.walks_and_imports import IMPORTS, OBJECT_WALKS

ATTACKS = (
    *OBJECT_WALKS,
    *IMPORTS,
    *FILES,
    *NETWORK,
    *PROCESSES,
    *NATIVE_CRASHES,
    *REPLIES,
    *DENIALS_OF_SERVICE,
    *PERSISTENCE,
    *JAIL,
    *VOLUME_ATTACKS,
)
