"""A pronunciation for English words that the dictionary lacks: good enough that the words around them keep their times."""
import re

# Longest spelling first; "+" marks a rule that only holds at the end, "-" one that only holds at the start of a word.
_RULES = (
    ("+tion", "SH AH N"), ("+sion", "ZH AH N"), ("+cian", "SH AH N"), ("+ture", "CH ER"), ("+ious", "IY AH S"), ("+ous", "AH S"),
    ("ough", "AO"), ("augh", "AO"), ("eigh", "EY"), ("+igh", "AY"), ("ight", "AY T"), ("+ing", "IH NG"), ("+able", "AH B AH L"),
    ("tch", "CH"), ("dge", "JH"), ("sch", "S K"), ("-kn", "N"), ("-gn", "N"), ("-wr", "R"), ("-ps", "S"), ("-wh", "W"), ("-x", "Z"),
    ("+le", "AH L"), ("+er", "ER"), ("+or", "ER"), ("+es", "IH Z"), ("+ed", "D"), ("+ey", "IY"), ("+ie", "IY"), ("+y", "IY"), ("-y", "Y"),
    ("+mb", "M"), ("+e", ""), ("+o", "OW"), ("+a", "AH"), ("+i", "IY"),
    ("sh", "SH"), ("ch", "CH"), ("th", "TH"), ("ph", "F"), ("gh", "G"), ("ck", "K"), ("ng", "NG"), ("qu", "K W"), ("wh", "W"),
    ("ee", "IY"), ("ea", "IY"), ("oo", "UW"), ("ou", "AW"), ("ow", "OW"), ("ai", "EY"), ("ay", "EY"), ("oi", "OY"), ("oy", "OY"),
    ("au", "AO"), ("aw", "AO"), ("oa", "OW"), ("ie", "IY"), ("ei", "EY"), ("ew", "UW"), ("ue", "UW"), ("eu", "Y UW"), ("ae", "EY"),
    ("ar", "AA R"), ("or", "AO R"), ("er", "ER"), ("ir", "ER"), ("ur", "ER"),
    ("ce", "S EH"), ("ci", "S IH"), ("cy", "S IY"), ("ge", "JH EH"), ("gi", "JH IH"), ("gy", "JH IY"),
    ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"),
    ("l", "L"), ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"), ("v", "V"),
    ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_HISSING = {"S", "Z", "SH", "ZH", "CH", "JH"}
_VOICELESS = {"P", "T", "K", "F", "TH"}


def pronounce(word, lookup):
    """Phones of a lower-case word, separated by spaces, or None when it has no letter. `lookup(word)` gives the dictionary's phones or None."""
    letters = re.sub(r"[^a-z]", "", word)
    if not letters:
        return None
    return _from_stem(word, lookup) or _from_parts(letters, lookup) or _from_letters(letters, lookup) or _from_rules(letters)


def _from_stem(word, lookup):
    for ending in ("'s", "s'", "s", "es"):
        stem = lookup(word[: -len(ending)]) if word.endswith(ending) and len(word) > len(ending) + 1 else None
        if stem:
            last = stem.split()[-1]
            return stem + (" IH Z" if last in _HISSING else " S" if last in _VOICELESS else " Z")
    for ending, phones in (("ing", "IH NG"), ("ly", "L IY"), ("ness", "N AH S"), ("less", "L AH S"), ("er", "ER"), ("ed", None)):
        if not word.endswith(ending) or len(word) < len(ending) + 3:
            continue
        base = word[: -len(ending)]
        stem = lookup(base) or lookup(base + "e") or (lookup(base[:-1]) if base[-1] == base[-2] else None)
        if stem:
            last = stem.split()[-1]
            return stem + " " + (phones or ("IH D" if last in ("T", "D") else "T" if last in _VOICELESS | _HISSING else "D"))
    return None


def _from_parts(letters, lookup):
    """Compounds: two known words of at least three letters, the more even split first."""
    middle = len(letters) / 2
    for cut in sorted(range(3, len(letters) - 2), key=lambda at: (abs(at - middle), at)):
        left, right = lookup(letters[:cut]), lookup(letters[cut:])
        if left and right:
            return left + " " + right
    return None


def _from_letters(letters, lookup):
    """What has no vowel is spelled: "bbq" is said letter by letter."""
    if re.search(r"[aeiouy]", letters) or len(letters) > 6:
        return None
    names = [lookup(letter) for letter in letters]
    return " ".join(names) if all(names) else None


def _from_rules(letters):
    letters = re.sub(r"([bcdfgklmnpqrstvz])\1", r"\1", letters)
    phones = []
    at = 0
    while at < len(letters):
        # vowel, consonant, final e: the vowel is long and the e silent
        if re.fullmatch(r"[aeiou][bcdfgklmnpstvz]e", letters[at:]) and at > 0:
            phones.append(_LONG[letters[at]])
            at += 1
            continue
        spelling, sound = next(rule for rule in _RULES if _fits(rule[0], letters, at))
        phones += sound.split()
        at += len(spelling.strip("+-"))
    return " ".join(phones) or "AH"


def _fits(spelling, letters, at):
    plain = spelling.strip("+-")
    if not letters.startswith(plain, at):
        return False
    if spelling[0] == "+":
        return at > 0 and at + len(plain) == len(letters)
    return spelling[0] != "-" or at == 0
