"""Names that people would give themselves, or a room, to harm those who see them. Each has the 40 characters that a name may have
at most."""

HOSTILE = {
    "templates": "{{7*7}}${hit=1}<%=7*7%>{%now%}",
    "a formula": "=HYPERLINK(A1)",
    "a wide formula": "\uff1d1+1",
    "a name of the language": "__proto__",
    "turned around": "Ana \u202egpj.exe\u202c \u2066x\u2069",
    "controls": "A\x00n\x1b[31ma\x07\x85\r\n",
    "nothing to see": "A\u200b\u200e\ufeff\u2060na",
    "from right to left": "\u05d0\u05d1\u05d2 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 1234",
    "characters of two units": "\U0001d538" * 40,
    "signs of many parts": "\U0001f469\u200d\U0001f4bb" * 13,
    "very wide": "\ufdfd" * 40,
    "without a break": "W" * 40,
    "stacked": "Z" + "\u0351" * 39,
    "an element": "<img src=x onerror=hit=1>",
    "a script": '"><script>hit=1</script>',
    "an attribute": "' onfocus=hit=1 autofocus tabindex=0 x='",
    "entities": "&lt;b&gt;&amp;amp;&#60;i&#62;",
}
