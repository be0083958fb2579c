"""The requests on which an exported graph is compared with its reference: questions, names and words, in several
scripts, with documents of one word to a paragraph."""

from dataclasses import dataclass

from lastly.types import Block, Candidate, Query


@dataclass(frozen=True)
class Case:
    """One query with its documents."""

    query: str
    documents: tuple[str, ...]
    instruction: str | None = None

    @property
    def block(self) -> Block:
        """The case as one block."""
        candidates = [Candidate(place, text) for place, text in enumerate(self.documents)]
        return Block(Query(self.query, self.instruction), candidates)


CASES = (
    Case(
        "How do I undo the last commit but keep my changes?",
        (
            "git reset --soft HEAD~1 moves the branch back by one commit and leaves the index and the files alone.",
            "git revert makes a new commit that takes back what an older one did.",
            "A commit message should say why a change was made.",
            "Use git stash to put unfinished work aside.",
            "The bakery opens at six in the morning.",
            "Branches are cheap: make one for each idea.",
        ),
    ),
    Case("boiling point of ethanol", ("Ethanol boils at 78.4 °C.", "Water boils at 100 °C at sea level.", "Ethanol")),
    Case(
        "Welche Pflanzen wachsen im Schatten?",
        (
            "Farne und Funkien gedeihen auch ohne direkte Sonne und mögen feuchten Boden.",
            "Lavendel braucht viel Sonne und einen trockenen Platz.",
            "Der Zug nach Hamburg fährt um acht Uhr ab.",
            "Efeu bedeckt schattige Mauern in wenigen Jahren.",
        ),
    ),
    Case(
        "日本で一番高い山は何ですか",
        (
            "富士山は標高3776メートルで、日本の最高峰です。",
            "北岳は日本で二番目に高い山です。",
            "東京は日本の首都です。",
        ),
    ),
    Case(
        "connection refused when the service starts",
        (
            "The client starts before the server listens. Retry with a growing pause, or wait for the health check.",
            "ECONNREFUSED means that nothing listens on that port of that host; look at the address first.",
            "A timeout means that packets are lost, not refused.",
            "Set the log level to debug to see every request.",
            "",
        ),
        instruction="Prefer passages that name a cause that can be checked.",
    ),
    Case(
        "why do leaves change colour in autumn",
        (
            "As days grow shorter, trees stop making chlorophyll. Its green fades and the yellow carotenoids that were "
            "there all summer show. Some trees also make red anthocyanins from sugar that is held in the leaf.",
            "Conifers keep their needles for several years, so that a wood of spruces looks much the same all year.",
            "The red of a maple in October comes from anthocyanins, which the leaf makes when nights are cold.",
            "Leaves take in carbon dioxide through small openings on their lower side.",
            "The price of leaf blowers rose by four percent.",
            "Autumn begins in September in the northern half of the world and in March in the southern one.",
            "Клён краснеет осенью, потому что в листьях образуются антоцианы.",
        ),
    ),
)
