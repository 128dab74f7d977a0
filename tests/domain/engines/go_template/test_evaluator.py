"""Templates as Go's text/template and sprig render them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.engines.go_template.evaluator import render
from gitops_mcp.domain.engines.go_template.functions import FUNCTIONS
from gitops_mcp.domain.engines.go_template.values import Fails, OpenMap, StringMap, Unknown, go_value

DATA: dict[str, Any] = {
    "name": "Orders_DB.main",
    "env": "prod",
    "n": 3,
    "big": 1000000,
    "f": 1.5,
    "b": True,
    "nul": None,
    "empty": "",
    "list": ["a", "b", "c"],
    "nums": [1, 2, 3],
    "mixed": ["x", 1, None, True],
    "path": {"path": "apps/team-a/orders", "basename": "orders", "segments": ["apps", "team-a", "orders"]},
    "m": {"a": "1", "b": {"c": "deep", "d": None}},
    "uni": "Grüße, Wörld",
    "long": "the-quick-brown-fox-jumps-over-the-lazy-dog-and-then-some-more-words",
    "multi": "line1\nline2\n\nline3",
    "ver": "v1.2.3",
    "html": "<a & b>",
    "dicts": [{"k": "x", "v": 1}, {"k": "y", "v": 2}],
    "js": '{"a":[1,2],"b":"<c>"}',
    "ya": "a: 1\nb: [x, y]\nc: on\n",
    "num": "42",
    "neg": -7.25,
    "huge": 1.2345678901234567e19,
    "tiny": 1.23e-06,
    "sp": "  pad ded  ",
    "esc": "q\"u'o\\te\t",
}
RENDERED: list[tuple[str, str | None]] = [
    ("{{ .name }}|{{.env}}", "Orders_DB.main|prod"),
    ("{{ .n }} {{ .big }} {{ .f }} {{ .b }} {{ .nul }} {{ .empty }} {{ .list }} {{ .nums }} {{ .mixed }} {{ .m }} {{ .huge }} {{ .tiny }} {{ .neg }}", "3 1e+06 1.5 true <no value>  [a b c] [1 2 3] [x 1 <nil> true] map[a:1 b:map[c:deep d:<nil>]] 1.2345678901234567e+19 1.23e-06 -7.25"),
    ("{{ .path.basename | upper | quote }}", '"ORDERS"'),
    ("{{ index .path.segments 1 }}", "team-a"),
    ("{{ index .path.segments 5 }}", None),
    ('{{ index .m "b" "c" }} {{ index .m "zz" }}', "deep <no value>"),
    ('{{ printf "%s-%s" .path.basename .env }}', "orders-prod"),
    ('{{ printf "%d" .n }} {{ printf "%v %.2f %5.1f|%-8s|%08d|%+d|%q" .n .f .f .env 42 7 .esc }}', '%!d(float64=3) 3 1.50   1.5|prod    |00000042|+7|"q\\"u\'o\\\\te\\t"'),
    ('{{ printf "%s %s" .env }} {{ printf "%s" .env .n }} {{ printf "%d%%" 5 }} {{ printf "%t" .b }} {{ printf "%s" .list }} {{ printf "%v" .nul }} {{ printf "%s" .nul }} {{ printf "%d" .env }} {{ printf "%s" .n }} {{ printf "%x" "hi" }}', "prod %!s(MISSING) prod%!(EXTRA float64=3) 5% true [a b c] <nil> %!s(<nil>) %!d(string=prod) %!s(float64=3) 6869"),
    ('{{ print "a" 1 2 "b" .n .f }}{{ println "x" 1 }}', "a1 2b3 1.5x 1\n"),
    ('{{ if eq .env "prod" }}P{{ else if eq .env "dev" }}D{{ else }}E{{ end }}', "P"),
    ("{{ if and .b (not .empty) (or .nul .env) }}yes{{ end }}", "yes"),
    ("{{ range $i, $e := .list }}{{ if $i }},{{ end }}{{ $i }}={{ $e }}{{ end }}", "0=a,1=b,2=c"),
    ("{{ range .empty }}x{{ else }}none{{ end }}", None),
    ("{{ range $k, $v := .m }}{{ $k }}:{{ $v }};{{ end }}", "a:1;b:map[c:deep d:<nil>];"),
    ("{{ range .dicts }}{{ .k }}{{ .v }} {{ end }}", "x1 y2 "),
    ("{{ range $x := until 5 }}{{ if eq $x 3 }}{{ break }}{{ end }}{{ if eq $x 1 }}{{ continue }}{{ end }}{{ $x }}{{ end }}", "02"),
    ("{{ with .m.b }}{{ .c }}{{ else }}n{{ end }}{{ with .empty }}x{{ else with .env }}{{ . }}{{ end }}", "deepprod"),
    ('{{ $x := .env }}{{ $x = "q" }}{{ $x }}{{ if true }}{{ $x = "r" }}{{ $y := 1 }}{{ end }}{{ $x }}', "qr"),
    ('{{- /* comment */ -}}  text   {{- " a " -}}   b', "text a b"),
    ('{{ default "d" .empty }} {{ default "d" .missing }} {{ .missing | default "z" }} {{ .n | default 5 }}', "d d z 3"),
    ('{{ dig "b" "c" "def" .m }} {{ dig "b" "zz" "def" .m }} {{ dig "namespace" "" . }}', "deep def "),
    ('{{ dig "a" "c" "def" .m }}', None),
    ('{{ get .m "a" }}-{{ get .m "nope" }}-{{ hasKey .m "a" }}-{{ hasKey . "nope" }}', "1--true-false"),
    ('{{ trim .sp }}|{{ trimAll "v" .ver }}|{{ trimPrefix "v" .ver }}|{{ trimSuffix ".3" .ver }}|{{ .ver | trimPrefix "v" | replace "." "-" }}', "pad ded|1.2.3|1.2.3|v1.2|1-2-3"),
    ('{{ trunc 5 .name }} {{ trunc -5 .name }} {{ trunc 100 .name }} {{ trunc 6 .uni }} {{ .name | trunc 63 | trimSuffix "-" }}', "Order .main Orders_DB.main Grüß Orders_DB.main"),
    ('{{ slugify .name }} {{ slugify 10 .long }} {{ slugify 23 true .long }} {{ slugify 23 false .long }} {{ slugify 3 .long }} {{ slugify .uni }} {{ slugify "a--b__c..d " }}', "orders-db-main the-quick the-quick-brown-fox the-quick-brown-fox-jum the gr-e-w-rld a-b-c-d"),
    ('{{ normalize .name }} {{ normalize .uni }} {{ normalize "--a..b--" }}', "orders-db.main gr--e--w-rld a..b"),
    ('{{ lower .name }} {{ upper .uni }} {{ title "hello wOrld foo-bar_baz a.b" }} {{ untitle "ABC" }}', "orders_db.main GRÜßE, WÖRLD Hello WOrld Foo-Bar_baz A.B aBC"),
    ("{{ quote .env .n .nul .esc }} {{ squote .env .n .nul .esc }} {{ quote .list }} {{ quote .uni }}", '"prod" "3" "q\\"u\'o\\\\te\\t" \'prod\' \'3\' \'q"u\'o\\te\t\' "[a b c]" "Grüße, Wörld"'),
    ('{{ split "-" .path.path }} {{ (split "/" .path.path)._1 }} {{ (split "/" .path.path)._9 }} {{ splitList "/" .path.path }} {{ index (splitList "/" .path.path) 2 }} {{ splitList "" "abc" }} {{ (splitn "/" 2 .path.path)._1 }}', "map[_0:apps/team _1:a/orders] team-a <no value> [apps team-a orders] orders [a b c] team-a/orders"),
    ('{{ join "-" .path.segments }} {{ join "," .nums }} {{ join "," .mixed }} {{ join "," "x" }} {{ .list | join "+" }}', "apps-team-a-orders 1,2,3 x,1,true x a+b+c"),
    ('{{ ternary "y" "n" .b }} {{ .b | ternary "y" "n" }} {{ ternary "y" "n" .env }}', None),
    ('{{ eq .env "prod" | ternary 1 2 }}', "1"),
    ("{{ coalesce .empty .nul .missing .env }} {{ coalesce .empty }}", "prod <no value>"),
    ("{{ empty .empty }} {{ empty .n }} {{ empty .missing }} {{ empty .list }}", "true false true false"),
    ("{{ eq .n 3 }}", None),
    ('{{ eq (int .n) 3 }} {{ eq .n 3.0 }} {{ ne .env "x" }} {{ lt 1 2 }} {{ gt 2.5 .f }} {{ le "a" "b" }} {{ ge 2 2 }} {{ eq .env "a" "prod" }} {{ eq .nul nil }} {{ eq .missing "x" }}', "true true true true true true true true true false"),
    ("{{ eq .list .list }}", None),
    ("{{ lt .n 4 }}", None),
    ("{{ len .list }} {{ len .uni }} {{ len .m }}", "3 15 2"),
    ("{{ len .n }}", None),
    ('{{ contains "rod" .env }} {{ hasPrefix "pr" .env }} {{ hasSuffix "od" .env }} {{ .env | hasPrefix "pr" }}', "true true true true"),
    ("{{ toJson . }}", '{"b":true,"big":1000000,"dicts":[{"k":"x","v":1},{"k":"y","v":2}],"empty":"","env":"prod","esc":"q\\"u\'o\\\\te\\t","f":1.5,"html":"\\u003ca \\u0026 b\\u003e","huge":12345678901234567000,"js":"{\\"a\\":[1,2],\\"b\\":\\"\\u003cc\\u003e\\"}","list":["a","b","c"],"long":"the-quick-brown-fox-jumps-over-the-lazy-dog-and-then-some-more-words","m":{"a":"1","b":{"c":"deep","d":null}},"mixed":["x",1,null,true],"multi":"line1\\nline2\\n\\nline3","n":3,"name":"Orders_DB.main","neg":-7.25,"nul":null,"num":"42","nums":[1,2,3],"path":{"basename":"orders","path":"apps/team-a/orders","segments":["apps","team-a","orders"]},"sp":"  pad ded  ","tiny":0.00000123,"uni":"Grüße, Wörld","ver":"v1.2.3","ya":"a: 1\\nb: [x, y]\\nc: on\\n"}'),
    ("{{ toJson .html }} {{ toRawJson .html }} {{ toPrettyJson .m }} {{ .list | toJson }} {{ toJson .tiny }} {{ toJson .huge }} {{ toJson .uni }} {{ toJson .missing }}", '"\\u003ca \\u0026 b\\u003e" "<a & b>" {\n  "a": "1",\n  "b": {\n    "c": "deep",\n    "d": null\n  }\n} ["a","b","c"] 0.00000123 12345678901234567000 "Grüße, Wörld" null'),
    ('{{ (fromJson .js).a }} {{ index (fromJson .js).a 1 }} {{ fromJson "bad" }}', "[1 2] 2 <no value>"),
    ('{{ (fromYaml .ya).a }} {{ (fromYaml .ya).b }} {{ (fromYaml .ya).c }} {{ fromYaml "- x" }}', None),
    ('{{ fromYamlArray "[1, a]" }} {{ fromYaml "" }}', "[1 a] map[]"),
    ("{{ toYaml .m }}", 'a: "1"\nb:\n  c: deep\n  d: null'),
    ("{{ toYaml .dicts | nindent 4 }}", '\n    - k: x\n      v: 1\n    - k: "y"\n      v: 2'),
    ("{{ toYaml .list | indent 2 }} {{ toYaml .env }} {{ toYaml .n }} {{ toYaml .big }}", "  - a\n  - b\n  - c prod 3 1000000"),
    ('{{ regexReplaceAll "[^a-z]+" .name "-" }} {{ regexReplaceAll "(a|b)(c)?" "abcac" "<$1|$2>" }} {{ regexReplaceAll "x*" "abc" "-" }} {{ regexReplaceAll "a(.)" "abac" "${1}x$$" }}', "-rders-main <a|><b|c><a|c> -a-b-c- bx$cx$"),
    ('{{ regexMatch "^p.*d$" .env }} {{ regexFind "[0-9]+" .ver }} {{ regexFindAll "[0-9]" .ver -1 }} {{ regexFindAll "[0-9]" .ver 2 }} {{ regexSplit "[-.]" "a-b.c" -1 }} {{ regexReplaceAllLiteral "a" "aba" "$1" }} {{ regexQuoteMeta "a.b*c" }} {{ regexSplit "z*" "azbzzc" -1 }} {{ regexSplit "," "a,b,c" 2 }}', "true 1 [1 2 3] [1 2] [a b c] $1b$1 a\\.b\\*c [a b c] [a b,c]"),
    ('{{ cat .env .n "x" .nul }} {{ nospace .sp }} {{ repeat 3 "ab" }} {{ substr 1 3 .env }} {{ substr -1 2 .env }} {{ substr 1 -1 .env }} {{ abbrev 7 .long }}', "prod 3 x padded ababab ro pr rod the-..."),
    ("{{ indent 2 .multi }}|{{ nindent 2 .multi }}", "  line1\n  line2\n  \n  line3|\n  line1\n  line2\n  \n  line3"),
    ('{{ b64enc .env }} {{ b64enc .uni | b64dec }} {{ b32enc .env }} {{ sha256sum .env }} {{ sha1sum "x" }}', "cHJvZA== Grüße, Wörld OBZG6ZA= 6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77 11f6ad8ec52a2984abaafd7c3b516503785c2072"),
    ('{{ add 1 2 .n "4" }} {{ sub 5 .n }} {{ mul 2 3 }} {{ div 7 2 }} {{ mod -7 2 }} {{ div -7 2 }} {{ add1 .num }} {{ max 1 5 3 }} {{ min 4 2 }} {{ int "12" }} {{ int "x" }} {{ int64 3.9 }} {{ float64 "2.50" }} {{ atoi "7" }} {{ ceil 1.2 }} {{ floor 1.8 }} {{ round 1.2345 2 }} {{ seq 3 }} {{ seq 2 4 }} {{ until 3 }} {{ untilStep 0 6 2 }} {{ int "010" }} {{ int "0x1f" }} {{ add "1.0" 1 }} {{ add true 1 }} {{ int nil }} {{ seq 5 1 }} {{ seq 0 2 10 }} {{ until -3 }}', "10 2 6 3 -1 -3 43 5 2 12 0 3 2.5 7 2 1 1.23 1 2 3 2 3 4 [0 1 2] [0 2 4] 8 31 2 2 0 5 4 3 2 1 0 2 4 6 8 10 [0 -1 -2]"),
    ("{{ trunc (add 1 2) .env }}", None),
    ("{{ trunc (int (add 1 2)) .env }}", "pro"),
    ("{{ trunc .n .env }}", None),
    ('{{ list 1 "a" .n }} {{ first .list }} {{ last .list }} {{ rest .list }} {{ initial .list }} {{ append .list "z" }} {{ prepend .list "z" }} {{ concat .list .nums }} {{ has "a" .list }} {{ has 1 .nums }} {{ has 1.0 .nums }} {{ without .list "a" }} {{ uniq (list 1 1 2) }} {{ compact .mixed }} {{ reverse .list }} {{ sortAlpha (list "c" "a" "b") }} {{ slice .list 1 2 }} {{ slice .list 1 }} {{ chunk 2 .list }} {{ first (list) }} {{ mustFirst .list }} {{ mustAppend .list 1 }} {{ mustToJson .list }}', '[1 a 3] a c [b c] [a b] [a b c z] [z a b c] [a b c 1 2 3] true false true [b c] [1 2] [x 1 true] [c b a] [a b c] [b] [b c] [[a b] [c]] <no value> a [a b c 1] ["a","b","c"]'),
    ("{{ slice .env 1 2 }}", None),
    ("{{ first .env }}", None),
    ('{{ $d := dict "a" 1 "b" "x" }}{{ $d.a }} {{ $_ := set $d "c" 3 }}{{ $d }} {{ unset $d "a" }} {{ keys $d | sortAlpha }} {{ pick $d "b" }} {{ omit $d "b" }} {{ pluck "b" $d .m }} {{ dict "a" }} {{ values (dict "a" 1) }}', "1 map[a:1 b:x c:3] map[b:x c:3] [b c] map[b:x] map[c:3] [x map[c:deep d:<nil>]] map[a:] [1]"),
    ('{{ merge (dict "a" 1) (dict "a" 2 "b" 3) }} {{ mergeOverwrite (dict "a" 1 "c" (dict "x" 1)) (dict "a" 2 "b" 3 "c" (dict "y" 2)) }} {{ mergeOverwrite (dict "a" "v") (dict "a" "") }}', "map[a:1 b:3] map[a:2 b:3 c:map[x:1 y:2]] map[a:]"),
    ('{{ kindOf .env }} {{ kindOf .n }} {{ kindOf .list }} {{ kindOf .m }} {{ kindIs "string" .env }} {{ typeOf .m }} {{ typeIs "string" .env }} {{ typeOf .n }} {{ kindOf .missing }} {{ kindOf 1 }} {{ kindOf .b }}', "string float64 slice map true map[string]interface {} true float64 invalid int bool"),
    ('{{ base .path.path }} {{ dir .path.path }} {{ clean "a//b/../c/" }} {{ ext "x/y.yaml" }} {{ isAbs "/x" }} {{ base "" }} {{ dir "a" }} {{ base "/" }} {{ dir "/a" }} {{ ext "a.b/c" }} {{ clean "" }} {{ base "a/b/" }}', "orders apps/team-a a/c .yaml true . . / /  . b"),
    ('{{ toString .n }} {{ toStrings .nums }} {{ plural "one" "many" 1 }} {{ deepEqual .list .list }} {{ deepEqual 1 1.0 }}', "3 [1 2 3] one true false"),
    ("{{ .missing.deeper }}", "<no value>"),
    ("{{ .nul.deeper }}", None),
    ("{{ .env.deeper }}", None),
    ("{{ .list.deeper }}", None),
    ("{{ .m.zz.deeper }}", "<no value>"),
    ("{{ (.m).b.c }} {{ (index .dicts 0).k }} {{ $.env }} {{ range .list }}{{ $.env }}{{ end }}", "deep x prod prodprodprod"),
    ('{{ "raw" }} {{ `raw\\n` }} {{ "esc\\t\\"x\\" \\u00e9" }} {{ \'a\' }} {{ 0x10 }} {{ 1e3 }} {{ 1.0 }} {{ -5 }} {{ 010 }} {{ 1_000 }} {{ .5 }} {{ true }} {{ 08 }}', None),
    ("{{ nil }}", None),
    ("{{ undefinedFn . }}", None),
    ('{{ env "HOME" }}', None),
    ("{{ if }}x{{ end }}", None),
    ("{{ if .b }}x", None),
    ("{{ end }}", None),
    ("{{ else }}", None),
    ("{{ .env | .name }}", None),
    ("{{ .env .name }}", None),
    ('{{ "x" | 5 }}', None),
    ("{{ $undef }}", None),
    ("{{ }}", None),
    ("{{ .a..b }}", None),
    ('{{ "unterminated }}', None),
    ("{{/* unclosed", None),
    ("{{ /* spaced */ }}", None),
    ("{{ .env|upper }}{{.env|lower|quote}}", 'PROD"prod"'),
    ('{{ (printf "%s" .env) | upper }}', "PROD"),
    ('{{ fail "stop" }}', None),
    ("{{ not .b }} {{ not .empty }} {{ and }} ", None),
    ('{{ and 1 0 2 }} {{ or 0 "" "x" }} {{ or .empty .missing }} {{ and .env }} {{ .env | and 1 }} {{ .env | or "" }}', "0 x <no value> prod prod prod"),
    ("{{range .nums}}{{.}}{{end}} {{ range 3 }}{{ . }}{{ end }} {{ range $i := .list }}{{ $i }}{{ end }} {{ range $i, $_ := .nums }}{{ $i }}{{ end }}", "123 012 abc 012"),
    ("{{ range .env }}x{{ end }}", None),
    ("{{ range .n }}x{{ end }}", None),
    ("{{ any .empty .env }} {{ all .b .env }} {{ any }} {{ all }}", "true true false true"),
    ('{{- if eq .env "prod" -}}', None),
    ("a", "a"),
    ("{{- else -}}", None),
    ("b", "b"),
    ("{{- end -}}", None),
    ('{{ if not (eq .env "prod") }}a{{ else }}b{{ end }}{{ if ne .env "prod" }}a{{ else }}{{ if .b }}c{{ end }}{{ end }}', "bc"),
    ("{{ with $v := .m.b }}{{ $v.c }}{{ end }}{{ if $v := .env }}{{ $v }}{{ end }}", "deepprod"),
    ('{{ .path.segments | first }}-{{ .path.segments | last }}{{ join "-" (slice .path.segments 1 3) }}{{ .path.segments | rest | join "-" }}', "apps-ordersteam-a-ordersteam-a-orders"),
    ("{{ index .path.segments (sub (len .path.segments) 1) }} {{ index .path.segments (add 1 0) }}", "orders team-a"),
    ('{{ .env | replace "prod" "production" | trunc 4 | title | squote }}', "'Prod'"),
    ('{{ mustRegexReplaceAll "o" .env "0" }} {{ mustMerge (dict "a" 1) (dict "b" 2) }} {{ tuple 1 2 }}', "pr0d map[a:1 b:2] [1 2]"),
    ("{{ print .nul }} {{ print .missing }} {{ print }} {{ print nil }}", "<nil> <nil>  <nil>"),
    ('{{ toJson (dict "z" 1 "a" (list 1.5 "x" nil)) }} {{ toJson 1e21 }} {{ toJson 1e-7 }} {{ toJson 100000000.0 }}', '{"a":[1.5,"x",null],"z":1} 1e+21 1e-7 100000000'),
    ("{{ .uni | trunc 4 }}|{{ substr 0 4 .uni }}", "Grü|Grü"),
    ('{{ join "" (list "a" nil "b") }} {{ list nil }} {{ quote (list "a" nil) }}', 'ab [<nil>] "[a <nil>]"'),
    ('{{ has "x" nil }} {{ default "x" false }} {{ default "x" (list) }} {{ default }} ', None),
    ('{{ printf "%05.1f|%6s|%-6s|%e" 3.14159 "ab" "cd" 12345.678 }} {{ printf "%v" 1e20 }} {{ printf "%.3s" "abcdef" }} {{ printf "%06d" -42 }} {{ printf "%q" "a" }} {{ printf "%v" .dicts }} {{ printf "%s" true }} {{ printf "%d" 3.0 }}', '003.1|    ab|cd    |1.234568e+04 1e+20 abc -00042 "a" [map[k:x v:1] map[k:y v:2]] %!s(bool=true) %!d(float64=3)'),
    ("{{ if .b }}x\n{{- end }}  {{ .env -}}\n\n y", "x  prody"),
    ("a\n{{- .env -}}\nb", "aprodb"),
    ("{{ .multi | nindent 2 }}", "\n  line1\n  line2\n  \n  line3"),
    ("{{range .list -}}\n x{{.}}\n{{- end}}", "xaxbxc"),
    ("{{ if .b -}} x {{- end }}", "x"),
    ('{{ .multi | splitList "\\n" | join ";" }}', "line1;line2;;line3"),
]  # fmt: skip
"""With what Go makes of each; None where it fails."""


def rendered(
    template: str, data: dict[str, Any] | None = None, *, missing_key: str = "default"
) -> str | Unknown | None:
    try:
        return render(template, go_value(DATA) if data is None else data, missing_key=missing_key)
    except Fails:
        return None


@pytest.mark.parametrize(("template", "expected"), RENDERED)
def test_a_template_is_rendered_as_go_does(template: str, expected: str | None) -> None:
    assert rendered(template) == expected


@pytest.mark.parametrize(
    ("missing_key", "expected"),
    [("default", "<no value>-<no value>-"), ("zero", "<no value>-<no value>-"), ("error", None)],
)
def test_a_missing_key_is_what_the_option_says(missing_key: str, expected: str | None) -> None:
    assert rendered("{{ .gone }}-{{ .m.gone }}-", missing_key=missing_key) == expected


def test_a_map_of_texts_has_an_empty_one_where_a_key_is_missing_and_counts_as_zero() -> None:
    values = {"values": StringMap({"a": "x"})}
    assert rendered("{{ .values.a }}{{ .values.b }}", values, missing_key="zero") == "x"
    assert rendered('{{ get .values "a" }}', values) is None


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a/{{ .name }}/b", Unknown("why", "a/")),
        ("{{ .name | upper }}", Unknown("why")),
        ('x{{ printf "%s" .name }}', Unknown("why", "x")),
        ('{{ default "d" .name }}', Unknown("why")),
        ("{{ if .name }}a{{ end }}", Unknown("why")),
        ("{{ .path }}/b", Unknown("of", "apps/")),
        ("{{ toJson . }}", Unknown("why")),
        ('{{ hasKey . "x" }}', Unknown("why")),
        ('{{ dig "a" "b" "d" . }}', Unknown("why")),
        ("{{ range $k, $v := . }}{{ $k }}{{ end }}", Unknown("why")),
        ("{{ .known }}", "known"),
        ('{{ if false }}{{ .name }}{{ end }}{{ or .known .name }}{{ and "" .name }}', "known"),
        ('{{ list .name .known | last }}{{ (dict "a" .name "b" "x").b }}', "knownx"),
        ("{{ now }}", Unknown("`now` of its template is not evaluated")),
    ],
)
def test_what_is_not_known_goes_through_and_is_never_printed(template: str, expected: str | Unknown) -> None:
    assert rendered(template, OpenMap({"known": "known", "path": Unknown("of", "apps/")}, "why")) == expected


def test_what_a_template_sets_is_gone_with_it() -> None:
    data: dict[str, Any] = {"a": {"b": "x"}}
    assert rendered('{{ $_ := set .a "b" "y" }}{{ .a.b }}', data) == "y"
    assert data == {"a": {"b": "x"}}


TERM = st.sampled_from(
    [
        *(f".{key}" for key in DATA),
        ".gone",
        "nil",
        '"x"',
        "3",
        "1.5",
        "true",
        "$",
        ".",
        "(list 1 .env)",
        "(dict .env .m)",
    ]
)
CALL = st.builds(
    lambda name, terms: " ".join([name, *terms]), st.sampled_from(sorted(FUNCTIONS)), st.lists(TERM, max_size=3)
)
PIPE = st.lists(st.one_of(CALL, TERM), min_size=1, max_size=4).map(" | ".join)
WORD = st.one_of(
    PIPE.map("{{ {} }}".format),
    PIPE.map("{{ if {} }}a{{ end }}".format),
    PIPE.map("{{ range {} }}{{ . }}{{ end }}".format),
)


@given(
    st.one_of(
        WORD,
        st.lists(
            st.sampled_from(
                [
                    "{{",
                    "}}",
                    " - ",
                    "-",
                    ".",
                    "$x",
                    ":=",
                    "if",
                    "end",
                    "else",
                    "|",
                    "(",
                    ")",
                    '"',
                    "'",
                    "/*",
                    "*/",
                    "x",
                    " ",
                ]
            )
        ).map("".join),
    )
)
def test_no_template_crashes(template: str) -> None:
    assert isinstance(rendered(template), str | Unknown | None)
