"""A chooser that writes a told text under the grammar: random weights cannot choose by themselves."""

from scrubjay.models.confidence import Row
from scrubjay.models.constrained import LineByLine


class Script:
    """What is written next."""

    text = b""


class ScriptedLines(LineByLine):
    """Under the grammar; wants the script. The model's own choice is computed, and thrown away."""

    def choose(self, logits: Row) -> int:
        super().choose(logits)
        return self._vocabulary.tokenize(Script.text[len(self._written) :].decode())[0]
