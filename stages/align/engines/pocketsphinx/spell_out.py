"""English words as they are read aloud: numbers, signs and abbreviations become the words a speaker says."""
import re
import unicodedata

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}
_ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "jr": "junior", "sr": "senior", "vs": "versus", "etc": "et cetera", "prof": "professor",
    "gen": "general", "capt": "captain", "sgt": "sergeant", "mt": "mount", "dept": "department", "approx": "approximately",
}
_MONEY = {"$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent"), "¥": ("yen", "sen")}
_SIGNS = {
    "&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "°": "degrees", "§": "section",
}
# Longer than anything that is said as one word; keeps a broken text from becoming hours of speech.
MAX_CHARACTERS = 48
_MULTIPLES = {"hundred", "thousand", "million", "billion", "trillion"}
_NUMBER = re.compile(r"^([$£€¥#])?(\d[\d,]*)(?:\.(\d+))?(st|nd|rd|th|s|'s|%|k|m|bn)?$", re.IGNORECASE)


def spell_out(words):
    """One list of spoken tokens (lower case, letters, apostrophes, hyphens) per word; empty for a word nobody can say, such as a dash."""
    spoken = [_say(_clean(word)) for word in words]
    for index in range(len(words) - 1):
        # "$5 million" is said "five million dollars": the currency moves behind the multiple.
        money = spoken[index] and _clean(words[index])[:1] in _MONEY
        if money and _clean(words[index + 1]).lower() in _MULTIPLES and len(spoken[index]) > 1:
            unit = spoken[index].pop()
            spoken[index + 1] = spoken[index + 1] + [unit if unit.endswith("s") or unit == "yen" else unit + "s"]
    return spoken


def _clean(word):
    """Plain letters, digits and signs: "\u201ccaf\u00e9,\u201d" becomes "cafe", "\u00bd" becomes "1/2"."""
    word = word.replace("\u2019", "'").replace("\u2018", "'")
    word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).replace("\u2044", "/")
    return re.sub(r"^[^\w$£€¥#&+=@%°§']+|[^\w%°'&+=@]+$", "", word).strip("_")


def _say(word):
    if len(word) > MAX_CHARACTERS:
        return []
    lower = word.lower()
    if re.match(r"'\d", word):
        return _say(word[1:])
    if lower.rstrip(".'") in _ABBREVIATIONS:
        return _ABBREVIATIONS[lower.rstrip(".'")].split()
    if word in _SIGNS:
        return _SIGNS[word].split()
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]\.?(?:'s)?", word):
        return [letter_token(c) for c in re.sub(r"[^a-z]", "", re.sub(r"'s$", "", lower))]
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)([ap]m)?", lower)
    if clock:
        return _say_clock(*clock.groups())
    number = _NUMBER.match(word)
    if number:
        return _say_number(*number.groups())
    fraction = re.fullmatch(r"(\d)/(\d)", word)
    if fraction:
        return _say_fraction(int(fraction.group(1)), int(fraction.group(2)))
    if re.search(r"\d", word):
        return _say_mixed(word)
    if re.fullmatch(r"[A-Z]{1,4}(?:&[A-Z]{1,4})+", word):
        return [letter_token(c) if c != "&" else "and" for c in lower]
    spaced = re.sub("[&+=@%°§]", lambda sign: " %s " % _SIGNS[sign.group()], lower)
    return [part for part in (re.sub(r"[^a-z'-]", "", piece).strip("-") for piece in re.split(r"[^\w'.-]+", spaced)) if part]


def letter_token(letter):
    # The dictionary's "a" is mostly the article; "a." is the letter.
    return "a." if letter == "a" else letter


def _say_mixed(word):
    parts = re.split(r"[-–—/:]+|(?<=[A-Za-z])(?=\d)|(?<=\d)(?!(?:st|nd|rd|th)\b)(?=[A-Za-z])", word)
    joined = ["to"] if re.fullmatch(r"\d+–\d+", word) else []
    tokens = []
    for index, part in enumerate(parts):
        part = part.strip(".,'")
        if not part:
            continue
        if index > 0:
            tokens += joined
        capitals = part.isupper() and part.isalpha()
        tokens += [letter_token(c) for c in part.lower()] if capitals and len(part) <= 4 else _say(part) if part != word else []
    return tokens


def _say_clock(hours, minutes, half):
    tokens = cardinal(int(hours))
    if minutes != "00":
        tokens = tokens + (["o"] if minutes[0] == "0" else []) + cardinal(int(minutes))
    return tokens + ([letter_token(c) for c in half] if half else [])


def _say_fraction(top, bottom):
    if top == 0 or bottom in (0, 1):
        return cardinal(top) + ["over"] + cardinal(bottom)
    name = {2: "half", 4: "quarter"}.get(bottom) or _ordinal(cardinal(bottom))[-1]
    plural = {"half": "halves"}.get(name, name + "s")
    return cardinal(top) + [name if top == 1 else plural]


def _say_number(sign, whole, decimals, tail):
    digits = whole.replace(",", "")
    if len(digits) > 15:
        return [_ONES[int(d)] for d in digits + (decimals or "")]
    tail = (tail or "").lower()
    if sign in _MONEY:
        return _say_money(sign, digits, decimals, tail)
    tokens = ["number"] if sign == "#" else []
    if tail in ("st", "nd", "rd", "th"):
        return tokens + _ordinal(cardinal(int(digits)))
    if tail in ("s", "'s"):
        tokens += _read(digits, whole)
        return tokens[:-1] + [re.sub(r"y$", "ie", tokens[-1]) + "s"]
    tokens += _read(digits, whole) if decimals is None else cardinal(int(digits)) + ["point"] + [_ONES[int(d)] for d in decimals]
    return tokens + {"%": ["percent"], "k": ["k"], "m": ["million"], "bn": ["billion"]}.get(tail, [])


def _say_money(sign, digits, decimals, tail):
    unit, part = _MONEY[sign]
    scale = {"k": ["thousand"], "m": ["million"], "bn": ["billion"]}.get(tail, [])
    one = int(digits) == 1 and not scale
    units = unit if one or unit == "yen" else unit + "s"
    if decimals is None or not int(decimals):
        return cardinal(int(digits)) + scale + [units]
    if len(decimals) == 2 and not scale:
        if int(digits) == 0:
            return cardinal(int(decimals)) + [{"penny": "pence", "sen": "sen"}.get(part, part + "s")]
        return cardinal(int(digits)) + [units] + cardinal(int(decimals))
    return cardinal(int(digits)) + ["point"] + [_ONES[int(d)] for d in decimals] + scale + [units]


def _read(digits, written):
    """A whole number as people read it: years in pairs, zero-led ones digit by digit."""
    if len(digits) > 1 and digits[0] == "0":
        return [_ONES[int(d)] for d in digits]
    value = int(digits)
    pairs = len(digits) == 4 and "," not in written and (1100 <= value <= 1999 or 2010 <= value <= 2099)
    if not pairs:
        return cardinal(value)
    rest = value % 100
    tail = ["hundred"] if rest == 0 else (["o"] if rest < 10 else []) + cardinal(rest)
    return cardinal(value // 100) + tail


def cardinal(value):
    """cardinal(123) -> ["one", "hundred", "twenty", "three"]; up to 10**15."""
    for scale, name in _SCALES:
        if value >= scale:
            head, rest = divmod(value, scale)
            return cardinal(head) + [name] + (cardinal(rest) if rest else [])
    if value < 20:
        return [_ONES[value]]
    ten, one = divmod(value, 10)
    return [_TENS[ten - 2]] + ([_ONES[one]] if one else [])


def _ordinal(tokens):
    last = tokens[-1]
    return tokens[:-1] + [_ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")]
