from __future__ import annotations

from gitops_mcp.domain.diff import first_changed_line, shorten_diff, unified_diff, without_context


def test_a_diff_reads_as_git_prints_it() -> None:
    before = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"
    after = "a: 1\nb: 2\nc: 30\nd: 4\ne: 5\n"
    assert unified_diff("x.yaml", before, after) == (
        "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,5 +1,5 @@\n a: 1\n b: 2\n-c: 3\n+c: 30\n d: 4\n e: 5\n"
    )


def test_a_new_file_and_a_deleted_one() -> None:
    assert unified_diff("x.yaml", None, "a: 1\n") == "--- /dev/null\n+++ b/x.yaml\n@@ -0,0 +1 @@\n+a: 1\n"
    assert unified_diff("x.yaml", "a: 1\n", None) == "--- a/x.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a: 1\n"


def test_a_missing_final_newline_is_said() -> None:
    assert unified_diff("x", "a: 1", "a: 2").splitlines()[3:] == [
        "-a: 1",
        "\\ No newline at end of file",
        "+a: 2",
        "\\ No newline at end of file",
    ]


def test_a_changed_secret_is_a_difference_that_is_not_shown() -> None:
    shown = unified_diff("x", "stringData:\n  password: one\n", "stringData:\n  password: two\n")
    assert "-  password: <redacted>\n+  password: <redacted>\n" in shown
    assert "one" not in shown
    assert "two" not in shown


def test_a_secret_beside_a_change_is_redacted_too() -> None:
    shown = unified_diff("x", "stringData:\n  password: hunter2\na: 1\n", "stringData:\n  password: hunter2\na: 2\n")
    assert "hunter2" not in shown


def test_no_difference_is_no_diff() -> None:
    assert unified_diff("x", "a: 1\n", "a: 1\n") == ""


def test_a_long_diff_is_cut_at_a_line_and_counted() -> None:
    assert shorten_diff("one\ntwo\nthree\n", 9) == ("one\ntwo\n", 1)
    assert shorten_diff("one\n", 9) == ("one\n", 0)


def test_the_first_changed_line() -> None:
    assert first_changed_line("a\nb\nc\n", "a\nB\nc\n") == 2
    assert first_changed_line("a\n", "a\nb\n") == 2


def test_an_odd_path_is_quoted_as_git_does() -> None:
    assert unified_diff('a\n"b', None, "x\n").split("\n")[1] == '+++ "b/a\\n\\"b"'


def test_a_long_file_of_many_alike_lines_is_compared_where_it_differs() -> None:
    parts = [f"---\nname: {n}\nkind: x\nspec:\n  a: 1\n  b: 2\n" for n in range(4_000)]
    before, after = "".join(parts), "".join([*parts[:1_000], parts[1_000].replace("x", "y"), *parts[1_001:]])
    assert unified_diff("a", before, after) == (
        "--- a/a\n+++ b/a\n@@ -6000,7 +6000,7 @@\n   b: 2\n ---\n name: 1000\n-kind: x\n+kind: y\n spec:\n   a: 1\n   b: 2\n"
    )


def test_a_missing_final_newline_is_said_of_a_line_that_stays() -> None:
    assert unified_diff("a", "a: 1", "b: 2\na: 1").endswith("+b: 2\n a: 1\n\\ No newline at end of file\n")


def test_a_long_line_does_not_push_out_the_change_beside_it() -> None:
    shown, omitted = shorten_diff(unified_diff("a", f"x: {'y' * 50_000}\na: 1\n", f"x: {'y' * 50_000}\na: 2\n"), 12_000)
    assert shown.endswith("… (49404 more characters)\n-a: 1\n+a: 2\n")
    assert omitted == 0


def test_without_context_only_what_has_changed_is_left() -> None:
    before = "".join(f"line {number}\n" for number in range(20))
    after = before.replace("line 3\n", "").replace("line 9\n", "nine\n").replace("line 19\n", "line 19\n-- end")
    assert without_context(unified_diff("a.yaml", before, after)) == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -4 +3,0 @@\n-line 3\n@@ -10 +9 @@\n-line 9\n+nine\n"
        "@@ -20,0 +20 @@\n+-- end\n\\ No newline at end of file\n"
    )
    both = unified_diff("new.yaml", None, "a: 1\n") + unified_diff("gone.yaml", "-- x\n", None)
    assert without_context(both) == both
    assert without_context("") == ""


def test_what_only_looks_like_a_line_ending_hides_no_context() -> None:
    before = "a: 1\n# theirs: \u2028one\x85two\x0cthree\rfour\x1cfive\nb: 1\n"
    assert without_context(unified_diff("a.yaml", before, before.replace("b: 1", "b: 2"))) == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -3 +3 @@\n-b: 1\n+b: 2\n"
    )
