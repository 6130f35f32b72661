"""The terms of the energy, missing or with the wrong sign."""

from ..mistakes import changed, missing, negated

TERMS = {"W": "the interaction −vᵀWh", "a": "the visible term −aᵀv", "b": "the hidden term −bᵀh"}
CHOICES = ["W", "a", "b", "ab", "Wa", "Wb"]


def missing_terms(reference):
    """Every choice of terms that is missing."""
    return {
        f"{_words(letters)} {'is' if len(letters) == 1 else 'are'} missing.": changed(
            reference, **dict.fromkeys(letters, missing)
        )
        for letters in CHOICES
    }


def flipped_terms(reference):
    """Every choice of terms that has the wrong sign."""
    return {
        f"the sign is wrong in {_words(letters)}.": changed(
            reference, **dict.fromkeys(letters, negated)
        )
        for letters in CHOICES
    }


def _words(letters):
    return " and ".join(TERMS[letter] for letter in letters)
